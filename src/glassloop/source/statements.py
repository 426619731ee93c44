"""Statements: how a block of the script is played."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from typing import Any

from glassloop import events
from glassloop.source import conditions
from glassloop.source.branches import play_if
from glassloop.source.expressions import assign, evaluate, index
from glassloop.source.imports import play_import, play_import_from
from glassloop.source.keeping import emptied
from glassloop.source.loops import iterate, left_early, play_for, play_while
from glassloop.source.player import Dead, Player
from glassloop.source.signals import BreakSignal, ContinueSignal, ReturnSignal
from glassloop.source.values import (
    NONE,
    ClassValue,
    Const,
    Context,
    External,
    Function,
    Instance,
    Module,
    Partial,
    Scope,
    Stream,
    Table,
    Tensor,
    Unknown,
    Value,
)


def play(p: Player, block: list[ast.stmt], scope: Scope) -> None:
    """Play statements in order."""
    for node in block:
        p.tick(node, scope)
        handler = HANDLERS.get(type(node))
        if handler is not None:
            handler(p, node, scope)


def _expr(p: Player, node: ast.Expr, scope: Scope) -> None:
    evaluate(p, node.value, scope)


def _assign(p: Player, node: ast.Assign, scope: Scope) -> None:
    value = evaluate(p, node.value, scope)
    for target in node.targets:
        assign(p, target, value, scope)


def _ann_assign(p: Player, node: ast.AnnAssign, scope: Scope) -> None:
    if node.value is not None:
        assign(p, node.target, evaluate(p, node.value, scope), scope)


def _aug_assign(p: Player, node: ast.AugAssign, scope: Scope) -> None:
    if isinstance(node.target, ast.Name):
        held = scope.get(node.target.id)
        if isinstance(held, Tensor) and held.leaf:
            evaluate(p, node.value, scope)
            return  # a parameter moved in place stays who it is
    load: ast.expr = ast.copy_location(_as_load(node.target), node.target)
    value = evaluate(p, ast.copy_location(ast.BinOp(load, node.op, node.value), node), scope)
    assign(p, node.target, value, scope)


def _as_load(target: ast.expr) -> ast.expr:
    if isinstance(target, ast.Name):
        return ast.Name(target.id, ast.Load())
    if isinstance(target, ast.Attribute):
        return ast.Attribute(target.value, target.attr, ast.Load())
    assert isinstance(target, ast.Subscript)
    return ast.Subscript(target.value, target.slice, ast.Load())


def _delete(p: Player, node: ast.Delete, scope: Scope) -> None:
    for target in node.targets:
        if isinstance(target, ast.Name):
            scope.vars.pop(target.id, None)
        elif isinstance(target, ast.Subscript):
            emptied(evaluate(p, target.value, scope), index(p, target.slice, scope))


def _function(p: Player, node: ast.FunctionDef | ast.AsyncFunctionDef, scope: Scope) -> None:
    scope.set(node.name, make_function(p, node, scope))


def make_function(p: Player, node: Any, scope: Scope, owner: ClassValue | None = None) -> Value:
    """A function as it is after its decorators."""
    value: Value = Function(node, scope, owner=owner, defaults=defaults_of(p, node.args, scope))
    for expr in reversed(getattr(node, "decorator_list", [])):
        value = _decorate(p, expr, value, scope)
    return value


def _decorate(p: Player, expr: ast.expr, value: Value, scope: Scope) -> Value:
    from glassloop.source.calls import call

    decorator = evaluate(p, expr, scope)
    if isinstance(decorator, External) and decorator.path in conditions.GRAD_CONTEXTS:
        decorator = Context(conditions.GRAD_CONTEXTS[decorator.path])
    if isinstance(decorator, Context) and isinstance(value, Function):
        value.contexts = (decorator, *value.contexts)
        return value
    if isinstance(decorator, (Function, Partial)):
        return call(p, decorator, [value], {}, (expr, scope))
    name = decorator.path.rsplit(".", 1)[-1] if isinstance(decorator, External) else ""
    if isinstance(value, Function) and name in (
        "staticmethod",
        "classmethod",
        "property",
        "cached_property",
        "contextmanager",
    ):
        return Table({"decorated": Const(name), "function": value}, key=("decorated", name))
    return value


def defaults_of(p: Player, args: ast.arguments, scope: Scope) -> dict[str, Value]:
    """Default values, made when the function is."""
    positional = [*args.posonlyargs, *args.args]
    found = {a.arg: evaluate(p, d, scope) for a, d in zip(positional[::-1], args.defaults[::-1], strict=False)}
    for a, d in zip(args.kwonlyargs, args.kw_defaults, strict=True):
        if d is not None:
            found[a.arg] = evaluate(p, d, scope)
    return found


def _class(p: Player, node: ast.ClassDef, scope: Scope) -> None:
    bases = [evaluate(p, b, scope) for b in node.bases]
    cls = ClassValue(node.name, node, scope, bases)
    inner = Scope(scope.path, scope)
    fields = []
    for item in node.body:
        p.tick(item, scope)
        if isinstance(item, (ast.FunctionDef, ast.AsyncFunctionDef)):
            inner.vars[item.name] = make_function(p, item, scope, cls)
        elif isinstance(item, ast.AnnAssign) and isinstance(item.target, ast.Name):
            fields.append(item.target.id)
            _ann_assign(p, item, inner)
        elif not isinstance(item, (ast.Expr, ast.Pass)):
            play(p, [item], inner)
    cls.attrs = inner.vars
    cls.attrs["__fields__"] = Const(tuple(fields))
    made: Value = cls
    for expr in reversed(node.decorator_list):
        # What a decorator of the script's own gives back, it takes in: a registry. One that is not known changes nothing.
        given = _decorate(p, expr, made, scope)
        made = given if isinstance(given, (ClassValue, Function, Partial)) else made
    scope.set(node.name, made)


def _return(p: Player, node: ast.Return, scope: Scope) -> None:
    value = evaluate(p, node.value, scope) if node.value is not None else NONE
    left_early(p, whole=True)
    raise ReturnSignal(value)


def _break(p: Player, node: ast.Break, scope: Scope) -> None:
    left_early(p, whole=False)
    raise BreakSignal


def _continue(p: Player, node: ast.Continue, scope: Scope) -> None:
    raise ContinueSignal


def _raise(p: Player, node: ast.Raise, scope: Scope) -> None:
    exc = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
    raise Dead(exc.id if isinstance(exc, ast.Name) else "Exception")


def _with(p: Player, node: ast.With | ast.AsyncWith, scope: Scope) -> None:
    _with_items(p, list(node.items), node, scope)


def _with_items(p: Player, items: list[ast.withitem], node: ast.With | ast.AsyncWith, scope: Scope) -> None:
    if not items:
        play(p, node.body, scope)
        return
    first = items[0]
    manager = evaluate(p, first.context_expr, scope)
    at = (first.context_expr, scope)
    entered, leave = enter(p, manager, at)
    if first.optional_vars is not None:
        assign(p, first.optional_vars, entered, scope)
    try:
        _with_items(p, items[1:], node, scope)
    finally:
        leave()


def enter(p: Player, manager: Value, at: tuple[ast.AST, Scope]) -> tuple[Value, Callable[[], None]]:
    """Enter a context: what `as` binds, and what leaves it again."""
    from glassloop.source.calls import call, method

    if isinstance(manager, Context):
        before = p.grad if manager.before is None else manager.before
        set_grad(p, manager.grad, at)
        outside, p.autocast = p.autocast, p.autocast if manager.autocast is None else manager.autocast
        window, p.window = p.window, p.window or manager.window
        return manager, lambda: _leave(p, before, (outside, window), at)
    if isinstance(manager, Stream):  # @contextmanager
        value = next(manager.it, NONE)
        return value, lambda: _finish(manager.it)
    if isinstance(manager, (Instance, Module)) and manager.cls is not None and manager.cls.find("__enter__"):
        value = call(p, method(p, manager, "__enter__", at), [], {}, at)
        return value, lambda: _exit(p, manager, at)
    return manager, lambda: None


def _leave(p: Player, grad: bool, outside: tuple[bool, bool], at: tuple[ast.AST, Scope]) -> None:
    p.autocast, p.window = outside
    set_grad(p, grad, at)


def _exit(p: Player, manager: Value, at: tuple[ast.AST, Scope]) -> None:
    from glassloop.source.calls import call, method

    call(p, method(p, manager, "__exit__", at), [NONE, NONE, NONE], {}, at)


def _finish(it: Iterator[Value]) -> None:
    next(it, None)


def set_grad(p: Player, on: bool | None, at: tuple[ast.AST, Scope]) -> None:
    """Switch gradients; only a change is heard."""
    if on is not None and on != p.grad:
        p.grad = on
        if not on:
            p.off_at = p.where(*at)
        p.say(events.GRAD_ON if on else events.GRAD_OFF, at)


def _try(p: Player, node: Any, scope: Scope) -> None:
    p.rounds.caught += 1
    try:
        try:
            play(p, node.body, scope)
        finally:
            p.rounds.caught -= 1
    except Dead as dead:
        handler = next((h for h in node.handlers if _catches(h, dead.kind)), None)
        if handler is None:
            play(p, node.finalbody, scope)
            raise
        play(p, handler.body, scope)
    except (ReturnSignal, BreakSignal, ContinueSignal):
        play(p, node.finalbody, scope)
        raise
    else:
        play(p, node.orelse, scope)
    play(p, node.finalbody, scope)


def _catches(handler: ast.ExceptHandler, kind: str) -> bool:
    if handler.type is None:
        return True
    types = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    names = {t.id if isinstance(t, ast.Name) else getattr(t, "attr", "") for t in types}
    return kind in names or not names.isdisjoint({"Exception", "BaseException"})


def _import(p: Player, node: ast.Import, scope: Scope) -> None:
    play_import(p, node, scope)


def _import_from(p: Player, node: ast.ImportFrom, scope: Scope) -> None:
    play_import_from(p, node, scope)


def _names_outside(p: Player, node: ast.Global | ast.Nonlocal, scope: Scope) -> None:
    if isinstance(node, ast.Global):
        for name in node.names:
            if name not in scope.globals.vars:
                scope.globals.vars[name] = Unknown(("global", scope.path, name))
    scope.nonlocals.update(node.names)


def _match(p: Player, node: ast.Match, scope: Scope) -> None:
    subject = evaluate(p, node.subject, scope)
    for i, case in enumerate(node.cases):
        decided = conditions.matches(subject, case.pattern, (scope.path, node.lineno, i))
        taken = decided if isinstance(decided, bool) else conditions.choose(p, decided, True)
        if taken:
            play(p, case.body, scope)
            return


HANDLERS: dict[type[ast.stmt], Callable[..., None]] = {
    ast.Expr: _expr,
    ast.Assign: _assign,
    ast.AnnAssign: _ann_assign,
    ast.AugAssign: _aug_assign,
    ast.Delete: _delete,
    ast.FunctionDef: _function,
    ast.AsyncFunctionDef: _function,
    ast.ClassDef: _class,
    ast.Return: _return,
    ast.Break: _break,
    ast.Continue: _continue,
    ast.Raise: _raise,
    ast.If: play_if,
    ast.For: play_for,
    ast.AsyncFor: play_for,
    ast.While: play_while,
    ast.With: _with,
    ast.AsyncWith: _with,
    ast.Try: _try,
    ast.Import: _import,
    ast.ImportFrom: _import_from,
    ast.Global: _names_outside,
    ast.Nonlocal: _names_outside,
    ast.Match: _match,
}
if hasattr(ast, "TryStar"):
    HANDLERS[ast.TryStar] = _try

__all__ = ["enter", "iterate", "make_function", "play", "set_grad"]
