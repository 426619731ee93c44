"""Arithmetic on values: numbers keep where they came from, tensors keep what a backward through them would reach."""

from __future__ import annotations

import ast
import dataclasses
import operator
from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING, Any

from glassloop import events
from glassloop.events import Ref
from glassloop.findings import Where
from glassloop.source.forms import loss_facts, shifted, squashed
from glassloop.source.inside import InnerLoss
from glassloop.source.marks import Past
from glassloop.source.past import CUTTING, PAIRS, SAME, after, cut_off, fresh_graph, join, past_of
from glassloop.source.values import MOST, Bound, Const, External, Grad, Params, Scope, Seq, Table, Tensor, Unknown, Value

if TYPE_CHECKING:
    from glassloop.source.player import Player

DRAWING = frozenset(["sample", "sample_n"])
BATCH_MEAN: Hashable = ("mean of a batch",)  # in the sources of a number that is one, or a sum of some
BATCH_SUM: Hashable = ("sum over a batch",)
BATCH_SIZE: Hashable = ("size of a batch",)


def _power(a: Any, b: Any) -> Any:
    if abs(a) > POWERS or abs(b) > POWERS:
        raise TypeError
    return a**b


POWERS = 64  # beyond them nobody counts
OPERATORS: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: _power,
}


# What arranges or sums up the numbers of one tensor: the other arguments are sizes, dimensions, kinds, places.
ARRANGING = frozenset(
    "to cuda cpu type float half double bfloat16 view reshape permute transpose flatten unflatten squeeze unsqueeze expand"
    " repeat narrow chunk split roll flip movedim mean sum std var norm softmax log_softmax dropout".split()
)
SETTINGS = frozenset("weight pos_weight ignore_index label_smoothing beta delta margin p".split())  # of losses
MIXED = ("mixed",)  # the source of a product
FACTOR = 4


def binary(p: Player, left: Value, op: ast.operator, right: Value, at: tuple[ast.AST, Scope]) -> Value:
    """`left op right`."""
    if isinstance(left, Tensor) or isinstance(right, Tensor):
        out = through(p, [left, right])
        out.past = out.past._replace(mean=_still_mean(left, op, right), drawn=_still_drawn(left, op, right))
        out.form = shifted(left, op, right)
        return out
    if isinstance(left, Const) and isinstance(right, Const):
        return _constants(p, left, op, right)
    if isinstance(left, Seq):
        return _sequence(left, op, right)
    if isinstance(left, Params) and isinstance(right, Params):
        both = None if left.owners is None or right.owners is None else left.owners | right.owners
        return Params(both, left.whole and right.whole)
    if isinstance(left, Table) and isinstance(right, Table):
        return Table({**left.items, **right.items}, left.exact and right.exact)
    return _unknown(_named(left), op, _named(right), at)


def _named(v: Value) -> Value:
    return Unknown(("external", v.path), frozenset({("external", v.path)})) if isinstance(v, External) else v


def _still_mean(left: Value, op: ast.operator, right: Value) -> bool | None:
    """A sum with a mean in it is none the less one, a mean over a count is averaged once more; of a product who knows."""
    total = isinstance(left, Tensor) and left.past.total
    if total and isinstance(op, ast.Div) and BATCH_SIZE in getattr(right, "source", ()):
        return True
    means = [v.past.mean for v in (left, right) if isinstance(v, Tensor)]
    if isinstance(op, (ast.Add, ast.Sub)):
        return True if True in means else None if None in means else False
    return False if isinstance(op, ast.Div) else None


def _still_drawn(left: Value, op: ast.operator, right: Value) -> tuple[Where, Any] | None:
    """One number that was drawn together is so after a factor, too."""
    one = [v for v in (left, right) if isinstance(v, Tensor)]
    return one[0].past.drawn if len(one) == 1 and isinstance(op, (ast.Mult, ast.Div)) else None


def through(p: Player, values: list[Value], scaled: bool | None = None) -> Tensor:
    """What comes out of an operation on these: a backward through it reaches what it reaches through each."""
    past = after(p, values)
    roots: frozenset[Any] | None = frozenset()
    for v in values if p.grad else ():
        r = roots_of(v)
        roots = None if roots is None or r is None else roots | r
    flags = [v.scaled for v in values if isinstance(v, Tensor)]
    if scaled is None:
        scaled = True if True in flags else (None if None in flags else False)
    return Tensor(roots, scaled=scaled, loose=any(isinstance(v, Tensor) and v.loose for v in values), past=past)


def operation(p: Player, name: str, args: list[Value], kwargs: dict[str, Value], at: tuple[ast.AST, Scope]) -> Tensor:
    """What `torch.name(*args)`, or `args[0].name(*args[1:])`, gives."""
    if name.endswith("_like") or name.startswith("new_"):
        return Tensor()  # a new tensor of that shape
    if name.endswith("_as"):
        args, kwargs = args[:1], {}  # the shape of another
    out = through(p, args[:1] if args and name in ARRANGING else [*args, *kwargs.values()])
    first, rest = args[0] if args else None, [*args[1:], *kwargs.values()]
    out.form = squashed(p, name, args or [kwargs.get("input", Const(None))], at, kwargs)
    if name in DRAWING:  # most distributions draw without a graph, but not those of people who call rsample in it
        out.past = out.past._replace(graphs=frozenset(), whole=False)
        return out
    if name in CUTTING:
        return Tensor(scaled=False, loose=out.loose, past=cut_off(p, out, at), form=out.form)
    if name in PAIRS and rest and not any(isinstance(v, Tensor) for v in rest):
        out.past = out.past._replace(pair=True)
    elif name in ("mean", "sum") and not rest:
        out.past = _drawn(p, out.past._replace(mean=name == "mean" or None, total=name == "sum"), at)
    elif name in SAME and isinstance(first, Tensor):
        out.past = out.past._replace(mean=first.past.mean)
    return out


def _drawn(p: Player, past: Past, at: tuple[ast.AST, Scope]) -> Past:
    """The past of one number that was drawn together by hand, with a graph of its own where it is of several tensors."""
    if not past.graphs or not past.mixed or p.hidden:
        return past
    own = fresh_graph()
    return past._replace(graphs=past.graphs | own, drawn=(p.where(*at), min(own)))


At = tuple[ast.AST, Scope]


def of_loss(
    p: Player, name: str, module: Ref | None, args: list[Value], kwargs: dict[str, Value], options: dict[str, Value], at: At
) -> Tensor:
    """A loss of PyTorch's is computed: says so, and gives it. `options` hold its reduction where the text names one."""
    settings = SETTINGS & set(kwargs)
    out = through(p, [*args, *(v for k, v in kwargs.items() if k not in settings)])
    own = fresh_graph() if out.past.graphs else frozenset()
    facts = loss_facts(p, name, args[0] if args else kwargs.get("input"))
    if own:
        p.computed_of.extend(args)  # alive, so that their ids stay theirs
        facts |= {events.NODE: min(own), events.OVER: tuple(id(a) for a in args)}
    if p.inside and p.grad and events.GIVEN in facts:
        p.inner_losses.append(InnerLoss(at, facts))
    p.say(events.LOSS_MADE, at, module, p.reached(out.roots) if own else (), **facts)
    given_reduction = options.get("reduction", Const("mean"))
    mean = given_reduction.value == "mean" if isinstance(given_reduction, Const) else None
    if {"size_average", "reduce"} & set(options):
        mean = None
    past = out.past._replace(graphs=out.past.graphs | own, mean=mean)
    return Tensor(out.roots, scaled=out.scaled, past=past)


def roots_of(v: Value) -> frozenset[Any] | None:
    """What a backward through a value reaches."""
    if isinstance(v, Tensor):
        return frozenset({v}) if v.leaf else v.roots
    if isinstance(v, Params):
        return v.owners
    items = list(v.items) if isinstance(v, Seq) else list(v.items.values()) if isinstance(v, Table) else []
    roots: frozenset[Any] | None = frozenset()
    for i in items:
        r = roots_of(i)
        roots = None if roots is None or r is None else roots | r
    return roots


def _constants(p: Player, left: Const, op: ast.operator, right: Const) -> Value:
    f = OPERATORS.get(type(op))
    source = left.source | right.source | _mixed(left, op, right)
    counted = left.counted or right.counted
    in_cut_loop = any(entry[3] for entry in p.loops)
    try:
        if f is None or _large(left.value, right.value):
            raise TypeError
        value = f(left.value, right.value)
        last = None
        if left.last is not None or right.last is not None:
            last = _last(f, left, op, right)
    except (TypeError, ArithmeticError, ValueError):
        return Unknown(("op", type(op).__name__, repr(left.value)[:40], repr(right.value)[:40]), source, plain=True)
    return Const(value, source, last, counted or in_cut_loop, added=isinstance(op, ast.Add))


def _mixed(left: Value, op: ast.operator, right: Value) -> frozenset[Hashable]:
    """A product counts neither what the one number counts nor what the other does; a small plain factor changes nothing."""
    if not isinstance(op, ast.Mult):
        return frozenset()
    plain = (isinstance(v, Const) and isinstance(v.value, (int, float)) and abs(v.value) <= FACTOR for v in (left, right))
    return frozenset() if any(plain) else frozenset({MIXED})


def _large(a: Any, b: Any) -> bool:
    return any(isinstance(x, (str, bytes, tuple)) for x in (a, b)) and not (isinstance(a, str) and isinstance(b, str))


def _last(f: Callable[[Any, Any], Any], left: Const, op: ast.operator, right: Const) -> Any:
    if isinstance(left.last, Unknown) and right.last is None and isinstance(op, (ast.Add, ast.Sub)):
        plus = left.last.plus + (right.value if isinstance(op, ast.Add) else -right.value)
        return Unknown(left.last.key, left.last.source, plus)
    a = left.last if left.last is not None else left.value
    b = right.last if right.last is not None else right.value
    return None if isinstance(a, Unknown) or isinstance(b, Unknown) else f(a, b)


def _sequence(left: Seq, op: ast.operator, right: Value) -> Value:
    if isinstance(op, ast.Add) and isinstance(right, Seq):
        exact = left.exact and right.exact and len(left.items) + len(right.items) <= MOST
        return Seq([*left.items, *right.items][:MOST], exact, left.frozen)
    times = right.value if isinstance(op, ast.Mult) and isinstance(right, Const) else None
    if isinstance(times, int) and times <= 8 and len(left.items) * times <= MOST:
        return Seq(left.items * times, left.exact, left.frozen)
    return Seq(list(left.items), exact=False)


def _unknown(left: Value, op: ast.operator, right: Value, at: tuple[ast.AST, Scope]) -> Value:
    source = getattr(left, "source", frozenset()) | getattr(right, "source", frozenset()) | _mixed(left, op, right)
    if isinstance(op, ast.Mult) and isinstance(left, Unknown) and isinstance(right, Unknown):
        source -= {BATCH_MEAN}  # weighed by a size
    if isinstance(op, (ast.Add, ast.Sub)):
        source -= {BATCH_SUM, BATCH_SIZE}  # of several batches
    if isinstance(op, ast.Div) and BATCH_SUM in getattr(left, "source", ()) and BATCH_SIZE in getattr(right, "source", ()):
        source = source - {BATCH_SUM, BATCH_SIZE} | {BATCH_MEAN}
    past = join([past_of(left), past_of(right)])
    if isinstance(left, Unknown) and isinstance(right, Const) and isinstance(right.value, int):
        if isinstance(op, ast.Add):
            return Unknown(left.key, source, left.plus + right.value, plain=past.whole, cut=past.cut)
        if isinstance(op, ast.Sub):
            return Unknown(left.key, source, left.plus - right.value, plain=past.whole, cut=past.cut)
    key = ("op", type(op).__name__, key_of(left), key_of(right))
    return Unknown(key, source, plain=past.whole, cut=past.cut)


def key_of(v: Value) -> Hashable:
    """A key that is equal for values known to be equal."""
    if isinstance(v, Unknown):
        return (v.key, v.plus)
    if isinstance(v, Const):
        return repr(v.value)[:40]
    return id(v)


def follows(p: Player, answer: Value, given: list[Value]) -> Value:
    """Note that an unknown answer depends on nothing but what was given; gives it back."""
    if isinstance(answer, Unknown):
        p.group.made_of[answer.key] = tuple(map(key_of, given))
    return answer


def negative(v: Value) -> Value:
    """`-v`."""
    if isinstance(v, Tensor) and not v.leaf:
        return dataclasses.replace(v, form=None)  # as much a mean as it was
    if isinstance(v, Const) and isinstance(v.value, (int, float)):
        return Const(-v.value, v.source)
    return v


__all__ = ["Bound", "Grad", "binary", "key_of", "negative", "of_loss", "operation", "roots_of", "through"]
