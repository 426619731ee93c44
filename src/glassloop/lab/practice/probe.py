"""The child's side: runs a script under watch, or builds a loader, and says in plain data what it saw."""

from __future__ import annotations

import contextlib
import importlib
import io
import multiprocessing
import os
import random
import sys
import tempfile
import traceback
import types
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

QUIET = (DeprecationWarning, PendingDeprecationWarning, ImportWarning, ResourceWarning)  # Python shows none by default


def nothing() -> dict[str, Any]:
    """Nothing: its process is the first, and waits for torch."""
    return {}


def watched(files: dict[str, str], argv: Sequence[str] = (), asked: str = "") -> dict[str, Any]:
    """Runs the first of `files` (name -> text) as `python NAME` would, in a new folder, watched.

    `asked`: a rule that is wanted even if it is one of those that speak only when asked.

    Gives `raised` ({type, message, line} or None), `warned` (a list of the same), `findings` (as check --format json lists
    them: the run's, and what only the text knows), `steps`, `printed`, and `digest` of the models that were called.
    """
    import torch

    home = os.getcwd()
    with tempfile.TemporaryDirectory(prefix="practice-") as folder:
        os.chdir(folder)
        for name, text in files.items():
            Path(name).write_text(text, encoding="utf-8")
        main = next(iter(files))
        sys.argv[:] = [main, *argv]
        sys.path.insert(0, folder)
        random.seed(0)
        torch.manual_seed(0)
        try:
            return _run(os.path.join(folder, main), list(files), asked)
        finally:
            os.chdir(home)  # or Windows could not remove the folder


def _run(main: str, files: list[str], asked: str) -> dict[str, Any]:
    from glassloop.rules import all_rules
    from glassloop.watch import Watch

    module = types.ModuleType("__main__")
    module.__file__ = main
    sys.modules["__main__"] = module
    called = _Called()
    printed = io.StringIO()
    raised = None
    with warnings.catch_warnings(record=True) as warned, contextlib.redirect_stdout(printed):
        warnings.simplefilter("default")
        seen = Watch(lambda finding: None, rules=[rule for rule in all_rules() if _speaks(rule, asked)])
        try:
            exec(compile(Path(main).read_bytes(), main, "exec"), module.__dict__)
        except SystemExit as stop:
            raised = {"type": "SystemExit", "message": str(stop.code), "line": 0} if stop.code else None
        except Exception as error:
            raised = _raised(error, main)
        finally:
            seen.stop(ended=raised is None)
    return {
        "raised": raised,
        "warned": [_warned(w, main) for w in warned if not issubclass(w.category, QUIET)],
        "findings": _with_read(seen.as_json(), [name for name in files if name.endswith(".py")], asked),
        "steps": seen.steps,
        "printed": printed.getvalue(),
        "digest": called.digest(),
    }


def _speaks(rule: Any, asked: str) -> bool:
    return not rule.card.only_read and (not rule.card.asked or rule.name == asked)


def _with_read(heard: list[dict[str, Any]], files: list[str], asked: str) -> list[dict[str, Any]]:
    """What was heard, and what only the text can tell."""
    from glassloop.check import check_paths
    from glassloop.rules import all_rules

    read = check_paths(files).findings
    if any(rule.card.asked and rule.name == asked for rule in all_rules()):
        read = read + check_paths(files, select=[asked]).findings
    known = {finding["rule"] for finding in heard}
    return heard + [finding.as_json() for finding in read if finding.rule not in known]


def _raised(error: Exception, main: str) -> dict[str, Any]:
    frames = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == main]
    line = error.lineno if isinstance(error, SyntaxError) else (frames[-1] if frames else 0)
    return {"type": type(error).__name__, "message": " ".join(str(error).split())[:300], "line": line}


def _warned(warning: warnings.WarningMessage, main: str) -> dict[str, Any]:
    line = warning.lineno if warning.filename == main else 0  # a library's own line says nothing to the reader
    return {"type": warning.category.__name__, "message": " ".join(str(warning.message).split())[:300], "line": line}


class _Called:
    """The models that were called, held so that their final state can be named by one digest."""

    def __init__(self) -> None:
        from torch.nn.modules.module import register_module_forward_pre_hook

        self._modules: dict[int, Any] = {}
        self._hook = register_module_forward_pre_hook(lambda module, _: self._meet(module))

    def _meet(self, module: Any) -> None:
        self._modules.setdefault(id(module), module)

    def digest(self) -> str:
        """Of the final weights and buffers of every model that was called and is no part of another."""
        from glassloop.kit.digest import state_digest

        self._hook.remove()
        modules = list(self._modules.values())
        inner = {id(part) for module in modules for part in module.modules() if part is not module}
        return state_digest([dict(module.state_dict()) for module in modules if id(module) not in inner])


def loaded(given: str, arguments: str, holds: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """Runs `given`, builds `DataLoader(dataset, ARGUMENTS)` and tries each of `holds`: (what is wanted, expression).

    The expressions see what `given` defines, `loader`, and `passes(n)`: n passes, each a list of batches as lists.
    Gives `raised`, `warned`, `failed` (what is wanted and does not hold, or None) and `batches` of one pass.
    """
    import torch
    from torch.utils.data import DataLoader

    if sys.platform == "linux":  # this process comes from a fork server; the loader's workers need not
        multiprocessing.set_start_method("fork", force=True)
    result: dict[str, Any] = {"raised": None, "failed": None, "batches": []}
    with (
        tempfile.TemporaryDirectory(prefix="practice-") as folder,
        warnings.catch_warnings(record=True) as warned,
        contextlib.redirect_stdout(io.StringIO()),
    ):
        warnings.simplefilter("default")
        try:
            torch.manual_seed(0)
            Path(folder, "given.py").write_text(given, encoding="utf-8")
            sys.path.insert(0, folder)  # a module that workers can import, where processes are spawned
            names = vars(importlib.import_module("given"))
            build = eval(f"lambda: DataLoader(dataset, {arguments})", {**names, "DataLoader": DataLoader})
            loader = build()
            result["batches"] = plain(loader)
            names |= {"loader": loader, "build": build, "plain": plain}
            names["passes"] = lambda n: [plain(loader) for _ in range(n)]
            result["failed"] = next((wanted for wanted, holds_ in holds if not eval(holds_, names)), None)
        except Exception as error:
            result["raised"] = {"type": type(error).__name__, "message": " ".join(str(error).split())[:300], "line": 0}
    result["warned"] = [str(w.message) for w in warned if not issubclass(w.category, QUIET)]
    return result


def plain(value: Any) -> Any:
    """Batches as lists of numbers, whatever they are made of."""
    if hasattr(value, "tolist"):
        return value.tolist()
    if isinstance(value, dict):
        return {str(key): plain(part) for key, part in value.items()}
    if isinstance(value, (str, int, float, bool, type(None))):
        return value
    return [plain(part) for part in value]
