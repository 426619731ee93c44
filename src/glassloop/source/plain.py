"""What a text says whether or not it is played: calls whose names lead straight to a library, by its imports.

A call that raises, or that runs whatever a file holds, is a mistake in any function, in a script that trains nothing too.
So these two events are said of the whole text: `rejected`, and `load` with the fact `unsafe`. A call that something
guards (a `try` that catches what it raises, a question about versions) is left out, and so is a name that is bound twice.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator

from glassloop import events
from glassloop.events import Event
from glassloop.findings import Story, Where
from glassloop.rules import Listening, Rule
from glassloop.source.program import Text
from glassloop.source.removed import FUNCTIONS, MODULES, rejected, rejected_module
from glassloop.source.walk import walk

# Texts that may hold such a call: most hold none of these words and are not walked.
GONE = "|".join(sorted({name.rsplit(".", 1)[-1] for name in FUNCTIONS}))
WORDS = re.compile(
    rf"weights_only\s*=\s*False|\bautocast\(\s*(?:\)|device_type|enabled|dtype|cache)|GradScaler\([^)]*device\s*="
    rf"|retain_variables|\bverbose\s*=|\.(?:{GONE})\(|\bimport\b[^\n]*\b(?:{GONE})\b"
    rf"|{'|'.join(map(re.escape, MODULES))}".encode()
)
FROM_PICKLE = re.compile(rb"load_state_dict|\.eval\(|\.parameters\(|\.state_dict\(")
CATCHES = frozenset(["AttributeError", "TypeError", "RuntimeError", "ImportError", "ModuleNotFoundError", "Exception"])
PICKLES = frozenset(f"{m}.{f}" for m in ("pickle", "dill", "cloudpickle", "joblib", "_pickle") for f in ("load", "loads"))
MODEL_ONLY = frozenset(["eval", "parameters", "state_dict", "named_parameters", "load_state_dict"])
FUNCTION = (ast.FunctionDef, ast.AsyncFunctionDef)


def may_say(data: bytes) -> bool:
    """Whether a text may hold such a call at all."""
    if b".next()" in data or (b"torch" in data and WORDS.search(data) is not None):
        return True
    pickled = any(word in data for word in (b"pickle", b"dill", b"joblib"))
    return pickled and FROM_PICKLE.search(data) is not None


def stories_of(text: Text, rules: Iterable[Rule]) -> Iterator[tuple[Rule, Story]]:
    """What the rules say of one text's calls."""
    hearing = [rule for rule in rules if rule.hears & {events.REJECTED, events.LOAD}]
    if hearing:
        listening = Listening(hearing)
        for event in _Reader(text).events():
            yield from listening.hear(event)


class _Reader:
    """One text: its names of libraries, and its calls in order."""

    def __init__(self, text: Text) -> None:
        self.path = text.path
        self.tree = text.tree
        self.names: dict[str, str] = {}
        self.unclear = {n.id for n in walk(text.tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
        self.found: list[Event] = []

    def events(self) -> list[Event]:
        """`rejected` and `load`, in the order of the text."""
        nodes = list(walk(self.tree))
        self.unclear |= {n.name for n in nodes if isinstance(n, (*FUNCTION, ast.ClassDef))}
        self.unclear |= {a.arg for n in nodes if isinstance(n, ast.arguments) for a in (*n.args, *n.kwonlyargs)}
        for node in nodes:
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                self._import(node)
        self.own_next = any(isinstance(n, FUNCTION) and n.name in ("next", "backward") for n in nodes)
        self.iterators = {ast.dump(t) for n in nodes for t in self._targets(n, "builtins.iter")}
        self._visit(self.tree)
        for scope in (self.tree, *(n for n in nodes if isinstance(n, FUNCTION))):
            self._pickles(scope)
        return self.found

    # --- names ---------------------------------------------------------------------------------------------------------

    def _import(self, node: ast.Import | ast.ImportFrom) -> None:
        if isinstance(node, ast.ImportFrom) and node.level:
            self.unclear |= {alias.asname or alias.name for alias in node.names}
            return
        for alias in node.names:
            if isinstance(node, ast.ImportFrom):
                name, path = alias.asname or alias.name, f"{node.module}.{alias.name}"
            else:
                name = alias.asname or alias.name.split(".")[0]
                path = alias.name if alias.asname else name
            if self.names.setdefault(name, path) != path:
                self.unclear.add(name)

    def _dotted(self, node: ast.expr) -> str:
        """The library's name that an expression is, or nothing."""
        if isinstance(node, ast.Attribute):
            base = self._dotted(node.value)
            return f"{base}.{node.attr}" if base else ""
        if not isinstance(node, ast.Name) or node.id in self.unclear:
            return ""
        return self.names.get(node.id, f"builtins.{node.id}")

    def _targets(self, node: ast.AST, path: str) -> Iterator[ast.expr]:
        """What is bound to the result of a call of `path`."""
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call) and self._dotted(node.value.func) == path:
            for target in node.targets:
                yield _load(target)

    # --- calls ---------------------------------------------------------------------------------------------------------

    def _visit(self, node: ast.AST) -> None:
        if isinstance(node, ast.Try) and any(_catches(h) for h in node.handlers):
            for part in (*node.orelse, *node.finalbody):
                self._visit(part)
            return
        if isinstance(node, (ast.If, ast.IfExp)) and self._asks_versions(node.test):
            return
        if isinstance(node, ast.Call):
            self._call(node)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            self._gone_module(node)
        for _, field in ast.iter_fields(node):
            for child in field if isinstance(field, list) else [field]:
                if isinstance(child, ast.AST):
                    self._visit(child)
                if isinstance(child, ast.If) and self._asks_versions(child.test) and _leaves(child.body):
                    break  # what follows is for the other versions

    def _call(self, node: ast.Call) -> None:
        path = self._dotted(node.func)
        said = rejected(path, node) if path.startswith("torch.") else None
        if said is not None:
            self._say(events.REJECTED, node, name=said.name, instead=said.instead, drop=said.drop)
        if path in ("torch.load", "torch.serialization.load"):
            flag = next((k.value for k in node.keywords if k.arg == "weights_only"), None)
            if isinstance(flag, ast.Constant) and flag.value is False:
                self._say(events.LOAD, node, unsafe="weights_only=False")
        if isinstance(node.func, ast.Attribute) and not self.own_next:
            self._old_method(node, node.func)

    def _old_method(self, node: ast.Call, func: ast.Attribute) -> None:
        if func.attr == "next" and not node.args and not node.keywords:
            made = isinstance(func.value, ast.Call) and self._dotted(func.value.func) == "builtins.iter"
            if made or ast.dump(func.value) in self.iterators:
                self._say(events.REJECTED, node, name="iterator.next()", instead="next(iterator)", drop="")
        if func.attr == "backward" and any(k.arg == "retain_variables" for k in node.keywords):
            name, instead = "backward(retain_variables=...)", "backward(retain_graph=...)"
            self._say(events.REJECTED, node, name=name, instead=instead, drop="")

    def _gone_module(self, node: ast.Import | ast.ImportFrom) -> None:
        module = node.module or "" if isinstance(node, ast.ImportFrom) else ""
        for alias in node.names:
            path = f"{module}.{alias.name}" if module else alias.name
            said = rejected_module(path) if not getattr(node, "level", 0) else None
            if said is not None:
                self._say(events.REJECTED, node, name=said.name, instead=said.instead, drop="")
                return

    def _pickles(self, scope: ast.AST) -> None:
        """What comes out of a pickle and is put into a model, or used as one."""
        nodes = list(_within(scope))
        calls = [n for n in nodes if isinstance(n, ast.Call)]
        loads = {id(n): n for n in calls if self._dotted(n.func) in PICKLES}
        if not loads:
            return
        bound = {t: n.value for n in nodes if isinstance(n, ast.Assign) for t in map(_dump, n.targets)}
        for call in calls:
            if not isinstance(call.func, ast.Attribute) or call.func.attr not in MODEL_ONLY:
                continue
            used = [call.args[0]] if call.func.attr == "load_state_dict" and call.args else [call.func.value]
            for load in (loads[id(n)] for expr in used for n in _origin(expr, bound) if id(n) in loads):
                self._say(events.LOAD, load, unsafe=self._dotted(load.func))

    def _asks_versions(self, test: ast.expr) -> bool:
        texts = {ast.dump(test)}
        if isinstance(test, ast.Name):
            assigned = (n for n in walk(self.tree) if isinstance(n, ast.Assign))
            texts |= {ast.dump(n.value) for n in assigned if any(_names(t, test.id) for t in n.targets)}
        return any(word in text for text in texts for word in ("hasattr", "__version__", "version", "signature"))

    def _say(self, kind: str, node: ast.expr | ast.stmt, **facts: object) -> None:
        end = (node.end_lineno or node.lineno, (node.end_col_offset or 0) + 1)
        at = Where(self.path, node.lineno, node.col_offset + 1, *end)
        self.found.append(Event(kind, at, None, (), facts))


def _leaves(body: list[ast.stmt]) -> bool:
    return isinstance(body[-1], (ast.Return, ast.Raise, ast.Continue, ast.Break))


def _catches(handler: ast.ExceptHandler) -> bool:
    if handler.type is None:
        return True
    types = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any((t.id if isinstance(t, ast.Name) else getattr(t, "attr", "")) in CATCHES for t in types)


def _within(scope: ast.AST) -> Iterator[ast.AST]:
    """The nodes of a function (or file), without those of the functions inside it."""
    pending = list(ast.iter_child_nodes(scope))
    while pending:
        node = pending.pop(0)
        yield node
        if not isinstance(node, FUNCTION):
            pending.extend(ast.iter_child_nodes(node))


def _origin(expr: ast.expr, bound: dict[str, ast.expr]) -> Iterator[ast.AST]:
    """An expression, what it is a part of, and what the names in it were bound to in this function."""
    seen: set[str] = set()
    pending: list[ast.AST] = [expr]
    while pending:
        node = pending.pop()
        yield node
        name = _dump(node) if isinstance(node, (ast.Name, ast.Attribute)) else ""
        if name in bound and name not in seen:
            seen.add(name)
            pending.append(bound[name])
        if isinstance(node, (ast.Attribute, ast.Subscript)):
            pending.append(node.value)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            pending.append(node.func.value)  # checkpoint.get("model"), state.items()
        elif isinstance(node, ast.DictComp):
            pending.append(node.generators[0].iter)


def _load(node: ast.expr) -> ast.expr:
    if isinstance(node, ast.Name):
        return ast.Name(node.id, ast.Load())
    return ast.Attribute(node.value, node.attr, ast.Load()) if isinstance(node, ast.Attribute) else node


def _dump(node: ast.expr) -> str:
    return ast.dump(_load(node))


def _names(target: ast.expr, name: str) -> bool:
    return isinstance(target, ast.Name) and target.id == name
