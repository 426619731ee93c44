"""Conditions: what the text decides (constants, remainders, counters, first and last turns), and what it leaves open."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING, Any, NamedTuple

from glassloop.source.bounds import question
from glassloop.source.values import (
    Bound,
    ClassValue,
    Const,
    External,
    Function,
    Grad,
    Instance,
    Loader,
    Module,
    Optimizer,
    Sampler,
    Scaler,
    Scheduler,
    Scope,
    Seq,
    Table,
    Unknown,
    Value,
)
from glassloop.source.walk import walk

if TYPE_CHECKING:
    from glassloop.source.player import Player

GRAD_CONTEXTS: dict[str, bool] = {
    "torch.no_grad": False,
    "torch.inference_mode": False,
    "torch.enable_grad": True,
    "torch.autograd.no_grad": False,
    "torch.autograd.enable_grad": True,
    "torch.autograd.inference_mode": False,
    "torch.autograd.grad_mode.no_grad": False,
    "torch.autograd.grad_mode.enable_grad": True,
}


class Open(NamedTuple):
    """An undecided condition: one question (`key`), or several joined by `how` ("and", "or")."""

    key: Hashable = None
    negated: bool = False
    how: str = ""
    parts: tuple[Open, ...] = ()


Decided = bool | Open
COMPARE: dict[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Is: lambda a, b: a is b or (a == b and a is not None and b is not None),
    ast.IsNot: lambda a, b: not (a is b or (a == b and a is not None and b is not None)),
    ast.In: lambda a, b: a in b,
    ast.NotIn: lambda a, b: a not in b,
}
NEGATIVE = {ast.NotEq: ast.Eq, ast.IsNot: ast.Is, ast.NotIn: ast.In}
FAR = 9  # turns; no loop without an end is played so long
CERTAIN = (Module, Optimizer, Scheduler, Scaler, Loader, Sampler, Function, ClassValue, Bound, External)


def condition(p: Player, node: ast.expr, scope: Scope) -> Decided:
    """Whether an expression is true; evaluates it."""
    from glassloop.source.expressions import evaluate

    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        return negate(condition(p, node.operand, scope))
    if isinstance(node, ast.BoolOp):
        return _joined(p, node, scope)
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        return _compare(p, node, scope)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod):
        return negate(_remainder(p, node, ast.Eq(), Const(0), scope))
    return truth(p, evaluate(p, node, scope), node, scope)


def negate(c: Decided) -> Decided:
    """The opposite."""
    if isinstance(c, bool):
        return not c
    if c.how:
        return Open(how="or" if c.how == "and" else "and", parts=tuple(_open(negate(part)) for part in c.parts))
    return c._replace(negated=not c.negated)


def _open(c: Decided) -> Open:
    assert isinstance(c, Open)
    return c


def choose(p: Player, c: Open, default: bool) -> bool:
    """Decide an open condition along this path."""
    if c.how:
        stop = c.how == "or"
        # `any` and `all` leave later questions unasked, as the script does.
        return any(choose(p, part, default) == stop for part in c.parts) == stop
    return p.decide(c.key, default != c.negated) != c.negated


def ask(p: Player, key: Hashable, negated: bool = False) -> Decided:
    """An open question, unless the path has answered it already."""
    known = p.known(key)
    return Open(key, negated) if known is None else known != negated


def site(node: ast.AST, scope: Scope) -> Hashable:
    """A question that has no other name than its place."""
    return ("site", scope.path, getattr(node, "lineno", 0), getattr(node, "col_offset", 0))


def _joined(p: Player, node: ast.BoolOp, scope: Scope) -> Decided:
    stop = isinstance(node.op, ast.Or)
    parts: list[Open] = []
    for value in node.values:
        c = condition(p, value, scope)
        if c is stop:
            return stop if not parts else _settle(parts, node)
        if isinstance(c, Open):
            parts.append(c)
    if not parts:
        return not stop
    return parts[0] if len(parts) == 1 else Open(how="or" if stop else "and", parts=tuple(parts))


def _settle(parts: list[Open], node: ast.BoolOp) -> Decided:
    """`unknown and False` is False, `unknown or True` is True, whatever the unknown is."""
    return isinstance(node.op, ast.Or)


def truth(p: Player, v: Value, node: ast.AST, scope: Scope) -> Decided:
    """Whether a value is true."""
    if isinstance(v, Const):
        return bool(v.value)
    if isinstance(v, Seq) and (v.exact or v.items):
        return bool(v.items)
    if isinstance(v, Table) and (v.exact or v.items):
        return bool(v.items)
    if isinstance(v, CERTAIN) or (isinstance(v, Instance) and v.key is None):
        return True
    if isinstance(v, Unknown):
        if isinstance(v.key, tuple) and v.key and v.key[0] == "bool":
            return again(p, v.key[1])
        return ask(p, ("true", (v.key, v.plus) if v.plus else v.key))
    return ask(p, site(node, scope))


def again(p: Player, c: Open) -> Decided:
    """An open condition that was kept in a variable, seen with what the path knows by now."""
    return c if c.how else ask(p, c.key, c.negated)


def _compare(p: Player, node: ast.Compare, scope: Scope) -> Decided:
    from glassloop.source.expressions import evaluate

    op, right_node = node.ops[0], node.comparators[0]
    newer = than_torch(node)
    if newer is not None:
        return newer
    if is_remainder(node) and isinstance(node.left, ast.BinOp):
        return _remainder(p, node.left, op, evaluate(p, right_node, scope), scope)
    left, right = evaluate(p, node.left, scope), evaluate(p, right_node, scope)
    if node in p.program.windows and _of_several(left, right):
        assert isinstance(left, Const)
        return bool(left.value >= 2)  # a window of k turns is played as one of two, as with a remainder
    return compare(p, left, op, right, node, scope)


def _of_several(count: Value, k: Value) -> bool:
    """Whether a window is one of several turns, of which not all are played, or nobody knows how many there are."""
    if not isinstance(count, Const) or not isinstance(count.value, int):
        return False
    return isinstance(k, Unknown) or (count.counted and isinstance(k, Const) and isinstance(k.value, int) and k.value >= 2)


def than_torch(node: ast.Compare) -> bool | None:
    """What a comparison of torch's version with one that is long gone comes to: today's is newer."""
    sides, op = [node.left, node.comparators[0]], type(node.ops[0])
    if len(node.ops) > 1 or op not in (ast.Lt, ast.LtE, ast.Gt, ast.GtE):
        return None
    asks = [any(isinstance(n, ast.Attribute) and ast.unparse(n) == "torch.__version__" for n in walk(s)) for s in sides]
    told = sides[asks[0]]
    if isinstance(told, ast.Call) and told.args:
        told = told.args[0]
    text = told.value if isinstance(told, ast.Constant) else None
    if asks[0] == asks[1] or not isinstance(text, str) or text.split(".")[0] not in ("0", "1"):
        return None
    return asks[0] == (op in (ast.Gt, ast.GtE))


def is_remainder(node: ast.Compare) -> bool:
    """`a % k == c`, and its like."""
    return isinstance(node.left, ast.BinOp) and isinstance(node.left.op, ast.Mod)


def compare(p: Player, left: Value, op: ast.cmpop, right: Value, node: ast.AST, scope: Scope) -> Decided:
    """One comparison of two values."""
    if type(op) in NEGATIVE:
        return negate(compare(p, left, NEGATIVE[type(op)](), right, node, scope))
    if isinstance(left, Const) and isinstance(right, Const):
        return _constants(p, left, op, right, node, scope)
    same = isinstance(op, (ast.Eq, ast.Is))
    if same and left is right:
        return True
    if isinstance(op, ast.In):
        return _contains(p, left, right, node, scope)
    for a, b in ((left, right), (right, left)):
        if isinstance(a, Const) and isinstance(b, Unknown):
            return _with_unknown(p, a, op, b, mirrored=a is right)
    if isinstance(left, Unknown) and isinstance(right, Unknown) and left.key == right.key:
        return COMPARE[type(op)](left.plus, right.plus)
    if same and (isinstance(left, Const) or isinstance(right, Const)):
        other = right if isinstance(left, Const) else left
        if isinstance(other, (*CERTAIN, Instance, Seq, Table, Grad)) or not isinstance(other, Unknown):
            return False  # an object is neither None nor a number
    if isinstance(left, Unknown) and isinstance(right, Unknown):
        return ask(p, ("cmp", type(op).__name__, left.key, left.plus, right.key, right.plus))
    return ask(p, site(node, scope))


def _constants(p: Player, left: Const, op: ast.cmpop, right: Const, node: ast.AST, scope: Scope) -> Decided:
    try:
        now = COMPARE[type(op)](left.value, right.value)
        if not (left.counted or right.counted):
            return now
        really = now
        if left.last is not None or right.last is not None:
            a = left.last if left.last is not None else left.value
            b = right.last if right.last is not None else right.value
            really = now if isinstance(a, Unknown) or isinstance(b, Unknown) else COMPARE[type(op)](a, b)
    except TypeError:
        return ask(p, site(node, scope))
    if now == really and (now or (isinstance(op, ast.Eq) and _near(left, right))):
        return now
    if isinstance(op, ast.Eq) and really:
        return True  # the last turn
    # A counter that has been cut short says nothing of a turn that was not played.
    return ask(p, site(node, scope))


def _near(left: Const, right: Const) -> bool:
    """A counter compared with a small number, or with the bound of its own loop: the turns that are played decide it."""
    number = right.value if left.counted else left.value
    return (isinstance(number, (int, float)) and number <= 1) or bool(left.source & right.source)


def _with_unknown(p: Player, a: Const, op: ast.cmpop, b: Unknown, mirrored: bool) -> Decided:
    if isinstance(a.last, Unknown) and a.last.key == b.key and isinstance(op, (ast.Eq, ast.GtE, ast.LtE)):
        return a.last.plus == b.plus
    if a.counted and a.source & b.source and isinstance(op, ast.Eq):
        return False  # the loop's own bound, before its last turn
    if isinstance(op, (ast.Eq, ast.Is)):
        return ask(p, ("eq", (b.key, b.plus) if b.plus else b.key, _hashable(a.value)))
    return ask(p, question(a.value, type(op).__name__, b.key, b.plus, mirrored))


def _hashable(value: Any) -> Hashable:
    try:
        hash(value)
    except TypeError:
        return repr(value)
    return value  # type: ignore[no-any-return]


def _contains(p: Player, left: Value, right: Value, node: ast.AST, scope: Scope) -> Decided:
    if isinstance(left, Const):
        if isinstance(right, Table) and right.exact:
            return left.value in right.items
        if isinstance(right, Seq) and right.exact and all(isinstance(i, Const) for i in right.items):
            return any(isinstance(i, Const) and i.value == left.value for i in right.items)
    if isinstance(left, Unknown) and isinstance(right, Seq) and all(isinstance(i, Const) for i in right.items):
        return ask(p, ("in", left.key, tuple(_hashable(i.value) for i in right.items if isinstance(i, Const))))
    return ask(p, site(node, scope))


def _remainder(p: Player, node: ast.BinOp, op: ast.cmpop, right: Value, scope: Scope) -> Decided:
    """`a % k == c`: where loops are cut short, a window of k turns is played as one of two."""
    from glassloop.source.expressions import evaluate

    a, k = evaluate(p, node.left, scope), evaluate(p, node.right, scope)
    if not isinstance(a, Const) or not isinstance(a.value, int) or type(op) not in COMPARE:
        return ask(p, site(node, scope))
    known = isinstance(k, Const) and isinstance(k.value, int) and k.value > 0
    endless = p.rounds.endless if isinstance(k, Const) and known and k.value > FAR else ()
    cut = any(entry[3] or id(entry) in endless for entry in p.loops)
    if isinstance(k, Const) and known and (isinstance(a.last, int) or not cut or k.value <= 2):
        if not isinstance(right, Const) or not isinstance(right.value, int):
            return ask(p, site(node, scope))
        # The last turn is judged as what it really is: it may stand in a partial window.
        return COMPARE[type(op)]((a.last if isinstance(a.last, int) else a.value) % k.value, right.value)
    target = _in_window(k, right)
    if target is None:
        return ask(p, site(node, scope))
    return COMPARE[type(op)](a.value % 2, target)


def _in_window(k: Value, right: Value) -> int | None:
    """Where in a window of two a remainder stands that is 0, or k - 1, in a window of k."""
    if isinstance(right, Const) and right.value == 0:
        return 0
    if isinstance(right, Const) and isinstance(k, Const) and right.value == k.value - 1:
        return 1
    if isinstance(right, Unknown) and isinstance(k, Unknown) and right.key == k.key and right.plus == k.plus - 1:
        return 1
    return None


def matches(subject: Value, pattern: ast.pattern, place: Hashable) -> Decided:
    """Whether a `case` is taken."""
    if isinstance(pattern, ast.MatchAs) and pattern.pattern is None:
        return True
    if isinstance(pattern, ast.MatchValue) and isinstance(pattern.value, ast.Constant):
        if isinstance(subject, Const):
            return bool(subject.value == pattern.value.value)
        if isinstance(subject, Unknown):
            return Open(("eq", subject.key, _hashable(pattern.value.value)))
    return Open(("site", place))
