"""What was given to read: the files, their trees, and what can be said of them before anything is played."""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Collection, Hashable, Iterator
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any, TypeGuard

from glassloop.source.notebooks import Notebook
from glassloop.source.values import Const
from glassloop.source.walk import walk

# Attribute names of PyTorch that say events. A branch with none of them (nor a call that leads to one) changes no stream.
TELLING = frozenset(
    [
        "step",
        "zero_grad",
        "backward",
        "unscale_",
        "eval",
        "train",
        "clip_grad_norm_",
        "clip_grad_value_",
        "clip_grad_norm",
        "clip_grads_with_norm_",
        "requires_grad_",
        "manual_backward",
        "accumulate",
        "no_sync",
        "set_grad_enabled",
        "set_epoch",
        "fit",
    ]
)
# Constructors and wrappers: a branch that makes one decides what later names stand for.
MAKING = re.compile(
    r"(Adam|SGD|RMSprop|Adagrad|Adadelta|LBFGS|Optimizer|Scaler|LR$|Scheduler|Accelerator|Fabric|Loader$|Sampler$|prepare|initialize)"
)

SMALL = 200  # files; of a larger program less is played, for it is a library
DEEPEST = 8
TRAINING_CALLS = frozenset({"backward", "manual_backward", "step", "zero_grad"})
# Never looked for among the files that were given, even where their own source is.
LIBRARIES = frozenset(
    [
        "torch",
        "torchvision",
        "torchaudio",
        "numpy",
        "accelerate",
        "transformers",
        "lightning",
        "pytorch_lightning",
        "ignite",
        "deepspeed",
    ]
)


@dataclass
class Text:
    """One file: its tree, and the text that it was made from (of a notebook, the code cells in order)."""

    path: str
    tree: ast.Module
    source: str
    notebook: Notebook | None = None


class Program:
    """All files of one call of `check`: one symbol table for all."""

    def __init__(self, texts: list[Text]) -> None:
        self.texts = {t.path: t for t in texts}
        self.by_name: dict[str, list[str]] = {}
        for t in texts:
            self.by_name.setdefault(module_name(t.path), []).append(t.path)
        self._quiet: dict[ast.AST, bool] = {}
        self._losses: dict[ast.ClassDef, bool] = {}
        self._loops: dict[ast.AST, bool] = {}
        self._variables: set[str] = set()
        self.constants: dict[ast.Constant, Const] = {}  # what each stands for: the same on every path
        self._steps: dict[ast.AST, frozenset[str]] = {}
        self._found: dict[tuple[str, str, int], str | None] = {}
        self.deepest = DEEPEST if len(texts) <= SMALL else 2  # imports within imports that are played
        self._functions: dict[str, list[ast.AST]] = {}
        self.unnamed = False  # whether a softmax is called somewhere with no dimension
        self.drops = False  # whether a dropout is called somewhere as a function
        self.follow = True  # whether calls of the script's own functions are followed
        self.strict = False  # whether a mistake of the reader itself is raised (tests) or noted
        self.insides: dict[Hashable, Any] = {}  # what happens in forwards that were played aside (inside.Inside)
        self.step_counts: set[Hashable] = set()  # sources of the numbers that bound a loop inside another loop
        self.epoch_counts: set[Hashable] = set()  # sources of the numbers that bound a loop around another loop
        for t in texts:
            for node in walk(t.tree):
                if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                    self._variables.add(node.id)
                elif isinstance(node, ast.Call):
                    name = _called(node)
                    self.drops = self.drops or "dropout" in name
                    self.unnamed = self.unnamed or (name in ("softmax", "log_softmax") and _names_no_dimension(node))
                elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                    self._functions.setdefault(node.name, []).append(node)
        # Comparisons of a counter that is set back to 0 where it has come up to a number: each is the end of a window.
        self.windows = {test for t in texts for test in self._windows(t.tree)}
        self.accumulates = bool(self.windows) or any(self._has_guard(t.tree) for t in texts)

    def find(self, dotted: str, path: str, level: int = 0) -> str | None:
        """The file that `import dotted` means in the file `path`, if it was given."""
        key = (dotted, path, level)
        if key not in self._found:
            parts = tuple(p for p in dotted.split(".") if p)
            foreign = not parts or (parts[0] in LIBRARIES and not level)
            self._found[key] = None if foreign else find_file(self.by_name.get(parts[-1], ()), parts, path, level)
        return self._found[key]

    def quiet(self, nodes: list[ast.stmt] | list[ast.expr]) -> bool:
        """Whether playing these can neither say an event nor leave the line of play."""
        return all(self._quiet_node(n) for n in nodes)

    def _quiet_node(self, top: ast.AST) -> bool:
        if top not in self._quiet:
            self._quiet[top] = True  # a recursive function is as quiet as the rest of it
            self._quiet[top] = not any(self._telling(n) for n in walk(top))
        return self._quiet[top]

    def runs(self, path: str) -> bool:
        """Whether a file does anything as a script, beyond defining functions and classes."""
        passive = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom)
        return not self.quiet([s for s in self.texts[path].tree.body if not isinstance(s, passive)])

    def gives_loss(self, cls: ast.ClassDef) -> bool:
        """Whether a class computes a loss: only then is it worth playing to see what its forward gives."""
        if cls not in self._losses:
            names = (_called(n) for n in walk(cls) if isinstance(n, ast.Call))
            self._losses[cls] = any(name == "cross_entropy" or name.lower().endswith("loss") for name in names)
        return self._losses[cls]

    def looks_in(self, loop: ast.AST) -> bool:
        """Whether a loop does something now and then, by a remainder: it comes round to that again in its third turn."""
        if loop not in self._loops:
            guards = (s for s in getattr(loop, "body", ()) if isinstance(s, ast.If) and any(map(_is_mod, walk(s.test))))
            self._loops[loop] = any(not self.quiet(s.body) for s in guards)
        return self._loops[loop]

    def trains_in(self, function: ast.AST) -> bool:
        """Whether a function goes backward, steps or clears by itself."""
        return any(isinstance(n, ast.Call) and _called(n) in TRAINING_CALLS for n in walk(function))

    def steps_in(self, body: list[ast.stmt]) -> frozenset[str]:
        """Names of what steps in a list of statements that also goes backward; of a list with no backward, none."""
        if not body:
            return frozenset()
        if body[0] not in self._steps:
            calls = [n.func for s in body for n in walk(s) if isinstance(n, ast.Call) and isinstance(n.func, ast.Attribute)]
            back = any(f.attr == "backward" for f in calls)
            names = {f.value.id for f in calls if f.attr == "step" and isinstance(f.value, ast.Name)} if back else set()
            self._steps[body[0]] = frozenset(names)
        return self._steps[body[0]]

    def trains(self, path: str) -> set[ast.AST]:
        """Functions of a file that go backward, step or clear, or that call one of the file's own that does."""
        functions = [n for n in walk(self.texts[path].tree) if isinstance(n, (ast.FunctionDef, ast.AsyncFunctionDef))]
        called = {f: {_called(n) for n in walk(f) if isinstance(n, ast.Call)} for f in functions}
        found = {f for f in functions if called[f] & TRAINING_CALLS}
        while True:
            names = {f.name for f in found}
            more = {f for f in functions if f not in found and called[f] & names}
            if not more:
                return set(found)
            found |= more

    def _telling(self, node: ast.AST) -> bool:
        if isinstance(node, (ast.Return, ast.Break, ast.Continue, ast.Raise, ast.Yield, ast.YieldFrom)):
            return True
        if isinstance(node, ast.Attribute):
            return node.attr in ("grad", "requires_grad") and isinstance(node.ctx, ast.Store)
        if not isinstance(node, ast.Call):
            return False
        name = _called(node)
        if isinstance(node.func, ast.Name) and name in self._variables and name not in self._functions:
            return True  # an object that is called: a model, a loss, a partial
        if name in ("exit", "_exit", "abort") or name in TELLING or MAKING.search(name):
            return True
        return any(not self._body_quiet(f) for f in self._functions.get(name, ()))

    def _body_quiet(self, function: ast.AST) -> bool:
        """Like quiet, for what a call plays: its own returns do not leave the caller's line."""
        key = function
        if key not in self._quiet:
            self._quiet[key] = True
            inner = (n for n in walk(function) if not isinstance(n, (ast.Return, ast.Break, ast.Continue, ast.Raise)))
            self._quiet[key] = not any(self._telling(n) for n in inner)
        return self._quiet[key]

    def _has_guard(self, tree: ast.AST) -> bool:
        """Whether some step or clearing stands under a remainder: the loops must then turn four times, not two."""
        for node in walk(tree):
            if isinstance(node, ast.If) and any(isinstance(n, ast.Mod) for n in walk(node.test)) and self._updates(node):
                return True
        return False

    def _updates(self, node: ast.If) -> bool:
        names = {n.attr for b in (*node.body, *node.orelse) for n in walk(b) if isinstance(n, ast.Attribute)}
        return bool(names & {"step", "zero_grad"}) or not self.quiet(node.body)

    def _windows(self, tree: ast.AST) -> Iterator[ast.Compare]:
        """`if count == k: ...step()...; count = 0`, and `>=`."""
        for node in walk(tree):
            if not isinstance(node, ast.If):
                continue
            reset = {ast.unparse(t) for s in node.body if isinstance(s, ast.Assign) and _is_zero(s.value) for t in s.targets}
            if not reset or not self._updates(node):
                continue
            for test in node.test.values if isinstance(node.test, ast.BoolOp) else [node.test]:
                if _reaches(test) and ast.unparse(test.left) in reset:
                    yield test


def _reaches(node: ast.expr) -> TypeGuard[ast.Compare]:
    return isinstance(node, ast.Compare) and len(node.ops) == 1 and isinstance(node.ops[0], (ast.Eq, ast.GtE))


def _is_zero(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and node.value == 0 and not isinstance(node.value, bool)


def _is_mod(node: ast.AST) -> bool:
    return isinstance(node, ast.Mod)


def _called(node: ast.Call) -> str:
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def module_name(path: str) -> str:
    """The last part of the name that a file is imported by."""
    pure = PurePath(path)
    return pure.parent.name if pure.stem == "__init__" else pure.stem


def find_file(candidates: Collection[str], parts: tuple[str, ...], path: str, level: int) -> str | None:
    """The candidate that `parts` names for a file at `path`: seen from a folder above it, as `import` would.

    Where no folder above has it, a lone candidate that ends in all the parts is taken: files may be given from anywhere.
    """
    have = set(candidates) - {path}
    if not have:
        return None
    folder, tail = os.path.dirname(path), os.path.join(*parts)
    for _ in range(level - 1):
        folder = os.path.dirname(folder)
    while True:
        below = os.path.join(folder, tail)
        for found in (f"{below}.py", os.path.join(below, "__init__.py")):
            if found in have:
                return found
        above = os.path.dirname(folder)
        if level or above == folder:
            break
        folder = above
    ending = [c for c in have if _ends(c, parts)] if not level and len(have) <= 3 else []
    return ending[0] if len(ending) == 1 else None


def _ends(path: str, parts: tuple[str, ...]) -> bool:
    have = PurePath(path).with_suffix("").parts
    have = have[:-1] if have[-1] == "__init__" else have
    return have[-len(parts) :] == parts


def _names_no_dimension(node: ast.Call) -> bool:
    return len(node.args) < 2 and all(k.arg not in ("dim", None) for k in node.keywords)
