"""Run somebody's program inside this process as `python` itself would: same `__main__`, arguments, paths, exit code.

In process, because a watcher must sit where the training happens; as Python does, because the program is not edited.
"""

import builtins
import importlib.util
import os
import sys
from importlib.machinery import ModuleSpec, SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType, TracebackType
from typing import NamedTuple

from glassloop.errors import UserError
from glassloop.tap.traces import without_our_frames


class Program(NamedTuple):
    """A program that was found: its file, the folder its imports start from, and its spec where it is a module."""

    path: Path
    import_root: Path
    argv0: str
    spec: ModuleSpec | None


def find_script(name: str) -> Program:
    """The script at the path `name`, as in `python name`. The file must exist."""
    # Python follows a link to find a script's neighbours, but keeps the link's own name.
    return Program(Path(name).absolute(), Path(name).resolve().parent, name, None)


def find_module(name: str) -> Program:
    """The module `name`, as in `python -m name`; a package means its `__main__`. Raises UserError where there is none.

    Looking for it imports the packages above it, as Python does, with the working folder first on the path.
    """
    _set_import_root(Path.cwd())
    try:
        spec = importlib.util.find_spec(name)
        if spec is not None and spec.submodule_search_locations is not None:
            spec = importlib.util.find_spec(f"{name}.__main__")
    except Exception as error:  # whatever a package raises while it is imported
        raise UserError(f"module {name} was not found: {type(error).__name__}: {error}") from error
    if spec is None or spec.origin is None or not hasattr(spec.loader, "get_code"):
        raise UserError(f"no module {name} with code in {Path.cwd()} or installed; for a file, leave out -m")
    return Program(Path(spec.origin), Path.cwd(), spec.origin, spec)


def execute(program: Program, args: list[str], stopped_by: type[BaseException] | None = None, stopped_code: int = 1) -> int:
    """Run `program` as `__main__` with `args` and return its exit code. What it raises is shown as Python would show it.

    Where it raises `stopped_by`, nothing is shown and `stopped_code` is returned: whoever stopped it has said why.

    `__main__`, sys.argv and sys.path stay the program's afterwards: its exit handlers and threads may still need them.
    """
    sys.argv[:] = [program.argv0, *args]
    _set_import_root(program.import_root)
    try:
        code = _code(program)
        main = _make_main(program)
        exec(code, main.__dict__)
    except SystemExit as stop:
        return _exit_code(stop)
    except BaseException as error:
        if stopped_by is not None and isinstance(error, stopped_by):
            return stopped_code
        trace = _from_the_program(error.__traceback__)
        without_our_frames(error.with_traceback(trace))
        # Through the hook, because the program may have installed its own.
        sys.excepthook(type(error), error.with_traceback(trace), trace)
        return 130 if isinstance(error, KeyboardInterrupt) else 1
    finally:
        _flush()
    return 0


def _code(program: Program) -> CodeType:
    if program.spec is not None:
        found = program.spec.loader.get_code(program.spec.name)  # type: ignore[union-attr]
        if not isinstance(found, CodeType):
            raise UserError(f"module {program.spec.name} holds no Python code")
        return found
    return compile(program.path.read_bytes(), str(program.path), "exec", dont_inherit=True)


def _make_main(program: Program) -> ModuleType:
    """A module that stands in sys.modules as `__main__`, so that pickle and spawned processes find the program there."""
    main = ModuleType("__main__")
    spec = program.spec
    main.__dict__.update(
        __file__=str(program.path),
        __builtins__=builtins,
        __spec__=spec,  # a spawned child imports by this name, or else runs __file__
        __package__=spec.parent if spec else None,
        __loader__=spec.loader if spec else SourceFileLoader("__main__", str(program.path)),
        __cached__=spec.cached if spec else None,
    )
    sys.modules["__main__"] = main
    return main


def _set_import_root(folder: Path) -> None:
    """Put `folder` where Python puts a script's folder: in place of the one this command was started from."""
    if getattr(sys.flags, "safe_path", False):  # python -P: the user wants none
        return
    sys.path[0:1] = [str(folder)]


def _exit_code(stop: SystemExit) -> int:
    """What Python makes of `sys.exit(x)`: nothing is 0, a number is itself, anything else is printed and is 1."""
    if stop.code is None:
        return 0
    if isinstance(stop.code, int):
        return int(stop.code)
    print(stop.code, file=sys.stderr)
    return 1


def _from_the_program(trace: TracebackType | None) -> TracebackType | None:
    """The traceback from the program's first line on; what a syntax error leaves is nothing, as Python shows it."""
    while trace is not None and trace.tb_frame.f_code.co_filename in (__file__, "<frozen importlib._bootstrap_external>"):
        trace = trace.tb_next
    return trace


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):  # a reader that has gone, or a stream that the program closed
            # Else the interpreter would fail on it once more while it shuts down.
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1 if stream is sys.stdout else 2)
