"""How `glassloop run` runs a program: anybody's script, or a copy of a shipped loop, with the record around it."""

import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from glassloop import templates
from glassloop.cli.program import Program, find_module, find_script
from glassloop.cli.recording import Keeping
from glassloop.cli.watching import Watching
from glassloop.errors import UserError
from glassloop.record import manifest, report
from glassloop.record.folders import new_run_folder, newest_run_folder
from glassloop.record.sources import loaded_sources

if TYPE_CHECKING:
    from glassloop.recording import Recording

# Which no shipped loop knows.
OPTIONS = (
    "--out", "--format", "--no-source", "--no-record", "--no-watch", "--no-preflight", "--strict", "--profile",
    "--data-digest", "--digest-every", "--nonce", "--key",
)  # fmt: skip


def run_program(
    watching: Watching, name: str, args: list[str], out: Path | None, *, module: bool, keeping: Keeping
) -> tuple[Path | None, int]:
    """Run a script (or a `module`) or the shipped loop called `name`. Returns the folder, if any, and the exit code.

    Raises UserError for a name that is neither.
    """
    if module or Path(name).is_file():
        found = find_module(name) if module else find_script(name)
        return _run_own(watching, found, name, args, out, keeping)
    if name in templates.known():
        return _run_shipped(watching, name, args, out, keeping)
    raise UserError(_unknown(name))



def _run_own(
    watching: Watching, program: Program, name: str, args: list[str], out: Path | None, keeping: Keeping
) -> tuple[Path | None, int]:
    """A script of the user's, with run.json, source/ and report.html around it. Returns the folder and the exit code."""
    if not keeping.record or not manifest.is_recording_process():
        return None, watching.run(program, args, None)
    label = Path(name).stem if program.spec is None else name.rpartition(".")[2]
    _refuse_foreign(out)
    earlier = manifest.read(out) if out is not None else None
    if earlier and earlier["status"] == "finished" and not any("resume" in word for word in args):
        raise UserError(f"{out} already holds a run; give another --out, or --resume to a script that can go on with it")
    folder = out or new_run_folder(label)
    home, began, process = folder.absolute(), time.perf_counter(), os.getpid()  # absolute: a program may change folder
    command = ["python", *(["-m"] if program.spec else []), name, *args]
    facts: dict[str, Any] = {"command": command, "sources": [program.path], "config": None, "seed": None, "entry": "run"}
    with _clear_write_error(folder):
        manifest.start(home, keep_source=keeping.source, **facts)
        report.write_report(home)  # already now: a run that is killed leaves one, too
    roots = [program.import_root, Path.cwd()]
    recording = keeping.begin(home)
    code = watching.run(program, args, home, recording)
    if os.getpid() != process:  # a fork of the program came back here: the record is its parent's
        return None, code

    def complete() -> None:
        manifest.add_sources(home, loaded_sources(roots), root=program.path.parent, keep_source=keeping.source)
        manifest.finish(home, exit_code=code, seconds=time.perf_counter() - began)
        report.write_report(home)  # before the end row, which vouches for it
        keeping.end(recording, home)

    _try_to(complete)
    return folder, code


def _run_shipped(
    watching: Watching, name: str, args: list[str], out: Path | None, keeping: Keeping
) -> tuple[Path | None, int]:
    """A shipped loop: its text is copied to RUN/source and runs there; it writes the rest of RUN itself."""
    misplaced = [word for word in args if word.partition("=")[0] in OPTIONS]
    if misplaced:
        before = f"options of glassloop go before it, as in glassloop run --out DIR {name}"
        raise UserError(f"{misplaced[0]} stands behind {name}; {before}")
    given = _run_dir(args)
    if given is not None and out is not None:
        raise UserError(f"both --out {out} and --run-dir {given} name the run folder; give --out alone")
    if not keeping.record or {"--help", "-h"} & set(args):
        with tempfile.TemporaryDirectory(prefix="glassloop-") as scratch:
            return None, _run_in(watching, Path(scratch), name, args)
    if not manifest.is_recording_process():  # rank 0 has the folder; this one needs a text to run
        with tempfile.TemporaryDirectory(prefix="glassloop-") as scratch:
            to_read = out or given or (newest_run_folder(name) if "--resume" in args else None) or scratch
            return None, _run_in(watching, Path(scratch), name, [*args, "--run-dir", str(to_read)])
    folder = out or given or (newest_run_folder(name) if "--resume" in args else None)
    is_new = folder is None or not folder.exists()
    folder = folder or new_run_folder(name)
    _refuse_foreign(folder)
    began = time.perf_counter()
    recording = keeping.begin(folder)
    code = _run_in(watching, folder, name, args, recording)
    if is_new and code == 2 and not (folder / "run.json").exists():
        shutil.rmtree(folder, ignore_errors=True)  # it refused its arguments: no run has begun
        return None, code

    def complete() -> None:
        opened = manifest.read(folder)
        if opened and opened["status"] == "running":  # it ended without closing its record: an exception
            manifest.finish(folder, exit_code=code, seconds=time.perf_counter() - began)
            report.write_report(folder)
        if not keeping.source and code == 0:
            shutil.rmtree(folder / "source")
            report.write_report(folder)
        keeping.end(recording, folder)

    _try_to(complete)
    return folder, code


def _run_in(
    watching: Watching, folder: Path, name: str, args: list[str], recording: "Recording | None" = None
) -> int:
    """Run the shipped loop `name` from `folder`/source, which is written first unless an earlier session did."""
    source = folder / "source"
    if not (source / "train.py").exists():
        templates.write(templates.sources(name), source)
    elif not any(f'NAME = "{name}"' in path.read_text(encoding="utf-8") for path in source.glob("*.py")):
        raise UserError(f"{folder} holds a run of another task than {name}; give another --out")
    if _run_dir(args) is None:
        args = ["--run-dir", str(folder), *args]
    return watching.run(find_script(str(source / "train.py")), args, folder, recording)


def _run_dir(args: list[str]) -> Path | None:
    """The value of --run-dir among a loop's arguments, in the spellings that it understands."""
    for position, word in enumerate(args):
        flag, equals, value = word.partition("=")
        if flag in ("--run-dir", "--run_dir"):
            return Path(value if equals else args[position + 1] if position + 1 < len(args) else "")
    return None


def _refuse_foreign(folder: Path | None) -> None:
    """Raise UserError where `folder` is in use by something that is no run: it would be littered."""
    if folder is None or not folder.exists():
        return
    if not folder.is_dir():
        raise UserError(f"{folder} is a file; a run needs a folder of its own, give another --out")
    if any(folder.iterdir()) and not any((folder / mark).exists() for mark in ("run.json", "source", "checkpoints")):
        raise UserError(f"{folder} is not empty and holds no run; give a new folder with --out")


@contextmanager
def _clear_write_error(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise UserError(f"run folder {folder} cannot be written ({error.strerror}); give another --out") from error


def _try_to(complete: Callable[[], None]) -> None:
    """Complete the record; where that fails, say so. The program has ended, and its exit code stays its own."""
    try:
        complete()
    except (OSError, UserError) as error:
        print(f"note: the record of this run could not be completed: {error}", file=sys.stderr)


def _unknown(name: str) -> str:
    names = list(templates.known())
    if Path(name).is_dir():
        return f"{name} is a folder; name the script in it, as in `glassloop run {Path(name) / 'train.py'}`"
    scripts = [path.name for path in Path().glob("*.py")]
    return f"no script and no shipped loop {name}{templates.nearest(name, names + scripts)} (shipped: {', '.join(names)})"
