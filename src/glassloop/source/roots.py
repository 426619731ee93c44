"""Where playing begins: a file as a script, then the functions and methods that nothing in the program has called.

Of what calls those nobody knows anything: their arguments are unknown, and what they are is told by their annotation or by
how the function uses them. Such an object's events are not `sure`.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from glassloop import events
from glassloop.events import MODEL, OPTIMIZER
from glassloop.source.player import Player
from glassloop.source.program import Program
from glassloop.source.values import (
    ClassValue,
    External,
    Function,
    Module,
    Optimizer,
    Scope,
    Table,
    Unknown,
    Value,
)
from glassloop.source.walk import walk

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Root:
    """A file played as a script, or one function (of a class) in it."""

    path: str
    function: FunctionNode | None = None
    owner: ast.ClassDef | None = None


def uncalled(program: Program, path: str, called: set[ast.AST]) -> Iterator[Root]:
    """Functions and methods of a file that say something and that nothing has called; callers before the called."""
    tree = program.texts[path].tree
    found: list[Root] = []
    for node in tree.body:
        if isinstance(node, FunctionNode):
            found.append(Root(path, node))
        elif isinstance(node, ast.ClassDef):
            found.extend(Root(path, n, node) for n in node.body if isinstance(n, FunctionNode) and n.name != "__init__")
    trains = program.trains(path)
    left = [r for r in found if r.function in trains and r.function not in called]
    names = {id(r): _named_in(r) for r in left}
    for r in left:
        assert r.function is not None
        if not any(r.function.name in names[id(o)] for o in left if o is not r):
            yield r
    yield from (r for r in left if any(r.function and r.function.name in names[id(o)] for o in left if o is not r))


def _named_in(root: Root) -> set[str]:
    assert root.function is not None
    walked = list(walk(root.function))
    return {n.id for n in walked if isinstance(n, ast.Name)} | {n.attr for n in walked if isinstance(n, ast.Attribute)}


def call_root(p: Player, root: Root, scope: Scope) -> None:
    """Call the function as somebody unknown would."""
    from glassloop.source.calls import call, construct, method

    node = root.function
    assert node is not None
    at: tuple[ast.AST, Scope] = (node, scope)
    me: Value | None = None
    if root.owner is not None:
        cls = scope.get(root.owner.name)
        if not isinstance(cls, ClassValue) or _driven(cls):
            return
        init = cls.find("__init__")
        given = [] if not isinstance(init, Function) else arguments(p, init.node, scope, skip=1, owner=root.owner)
        me = construct(p, cls, given, {}, at)
    f = method(p, me, node.name, at) if me is not None else scope.get(node.name)
    p.say(events.OPAQUE, at)
    if isinstance(f, Table) and isinstance(f.key, tuple):
        f = f.items["function"]
    if isinstance(f, Function):
        p.sure = False
        call(p, f, arguments(p, node, scope, skip=1 if f.me is not None else 0), {}, at)
        p.say(events.OPAQUE, at)


def _driven(cls: ClassValue) -> bool:
    """A class whose methods a framework calls in an order of its own (Lightning, Trainer callbacks)."""
    own = ("torch.nn", "torch.optim", "torch.utils.data", "builtins", "abc", "typing", "enum", "torch.autograd")
    return any(not r.startswith(own) for r in cls.roots())


def arguments(p: Player, node: ast.AST, scope: Scope, skip: int = 0, owner: ast.ClassDef | None = None) -> list[Value]:
    """Unknown arguments, as far as they can be told apart."""
    a = getattr(node, "args", None)
    if not isinstance(a, ast.arguments):
        return []
    params = [*a.posonlyargs, *a.args][skip:]
    bodies: list[ast.AST] = [node] if owner is None else [owner]
    return [_guess(p, x, bodies, scope, owner is not None) for x in params]


def _guess(p: Player, param: ast.arg, bodies: list[ast.AST], scope: Scope, kept: bool) -> Value:
    annotated = _annotation(param.annotation, scope)
    if annotated.startswith("torch.optim.") and "lr_scheduler" not in annotated:
        return _optimizer(p)
    if annotated.startswith("torch.nn."):
        return Module(p.ref(MODEL, "?"), training=None)
    used = {m for body in bodies for m in _methods_of(body, param.arg, kept)}
    if {"zero_grad", "step"} <= used:
        return _optimizer(p)
    if used & {"parameters", "named_parameters"} or {"train", "eval"} <= used:
        return Module(p.ref(MODEL, "?"), training=None)
    return Unknown(("parameter", scope.path, param.lineno, param.col_offset))


def _optimizer(p: Player) -> Optimizer:
    made = Optimizer(p.ref(OPTIMIZER, "?"), None)
    p.optimizers.append(made)
    return made


def _annotation(node: ast.expr | None, scope: Scope) -> str:
    if isinstance(node, ast.Attribute):
        return f"{_annotation(node.value, scope)}.{node.attr}"
    if isinstance(node, ast.Name):
        value = scope.get(node.id)
        return value.path if isinstance(value, External) else ""
    return ""


def _methods_of(body: ast.AST, name: str, kept: bool) -> Iterator[str]:
    """Names of methods that are called on a parameter, or on the attribute of the same object that it is kept in."""
    names = {name}
    attrs: set[str] = set()
    if kept:
        for n in walk(body):
            if isinstance(n, ast.Assign) and isinstance(n.value, ast.Name) and n.value.id == name:
                attrs |= {t.attr for t in n.targets if isinstance(t, ast.Attribute)}
    for n in walk(body):
        of = n.value if isinstance(n, ast.Attribute) else None
        kept_in = isinstance(of, ast.Attribute) and of.attr in attrs
        if isinstance(n, ast.Attribute) and (kept_in or (isinstance(of, ast.Name) and of.id in names)):
            yield n.attr
