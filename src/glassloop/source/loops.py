"""Loops: unrolled until one turn has met the next, with the boundaries that a run would hear."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from glassloop import events
from glassloop.source import conditions
from glassloop.source.expressions import assign, evaluate
from glassloop.source.past import part_of
from glassloop.source.player import Dead, Player
from glassloop.source.signals import BreakSignal, ContinueSignal
from glassloop.source.values import (
    Const,
    Function,
    Instance,
    Loader,
    Module,
    Params,
    Sampler,
    Scope,
    Seq,
    Span,
    Stream,
    Table,
    Tensor,
    Unknown,
    Value,
)
from glassloop.source.walk import walk

EXACT = 8  # a loop known to turn no more often than this is played to its end
LONGEST = 64  # no iterator is asked more often


def turns(p: Player, node: ast.AST | None = None) -> int:
    """How many turns of a loop without a known end are played: enough for one to meet the next."""
    nested = node is not None and any(
        isinstance(n, (ast.For, ast.While)) for b in getattr(node, "body", ()) for n in walk(b)
    )
    if p.program.accumulates and not nested:
        return 4
    return 3 if node is not None and p.program.looks_in(node) else 2


def play_for(p: Player, node: Any, scope: Scope) -> None:
    """A `for` loop."""
    from glassloop.source.statements import play

    value = evaluate(p, node.iter, scope)
    name = node.target.id if isinstance(node.target, ast.Name) else ""
    entry: list[Any] = [sources(value), 0, _data(value), False, (p.where(node, scope), name)]
    enter_loop(p, entry)
    items = iterate(p, value, (node.iter, scope), turns(p, node), entry)
    try:
        for item in items:
            entry[1] += 1
            assign(p, node.target, item, scope)
            with suppress(ContinueSignal):
                play(p, node.body, scope)
            p.statement = (scope.path, node.lineno)  # it is this line that asks for the next item
    except BreakSignal:
        return
    finally:
        leave_loop(p, entry)
    play(p, node.orelse, scope)


def play_while(p: Player, node: ast.While, scope: Scope) -> None:
    """A `while` loop: as often as its condition is known to hold, and a few turns where it is not known."""
    from glassloop.source.statements import play

    entry: list[Any] = [frozenset(), 0, True, False]
    if isinstance(node.test, ast.Compare) and _plain(node.test):
        entry[0] = getattr(evaluate(p, node.test.comparators[0], scope), "source", frozenset())
    enter_loop(p, entry)
    if isinstance(node.test, ast.Constant):
        p.rounds.endless.add(id(entry))
    try:
        while _goes_on(p, node, scope, entry):
            entry[1] += 1
            with suppress(ContinueSignal):
                play(p, node.body, scope)
            p.statement = (scope.path, node.lineno)
    except BreakSignal:
        return
    finally:
        leave_loop(p, entry)
    play(p, node.orelse, scope)


def _goes_on(p: Player, node: ast.While, scope: Scope, entry: list[Any]) -> bool:
    c = conditions.condition(p, node.test, scope)
    if c is False:
        return False
    far = isinstance(c, bool) and not _near_end(p, node.test, scope, entry)
    limit = turns(p, node) if not isinstance(c, bool) or far else EXACT + 1
    if not isinstance(c, bool) or far:
        entry[3] = p.cut = True
    return bool(entry[1] < limit)


def _near_end(p: Player, test: ast.expr, scope: Scope, entry: list[Any]) -> bool:
    """Whether a loop that goes on now may be over soon, by a counter or a `break` that is decided."""
    if not isinstance(test, ast.Compare) or not _plain(test):
        return True
    left, right = evaluate(p, test.left, scope), evaluate(p, test.comparators[0], scope)
    if isinstance(left, Const) and isinstance(right, Const):
        try:
            return bool(abs(right.value - left.value) <= EXACT - entry[1])
        except TypeError:
            return True
    return False


def enter_loop(p: Player, entry: list[Any]) -> None:
    """A loop begins: what bounds the loops around it counts epochs, or something like them."""
    for outer in p.loops:
        if not outer[2]:
            p.program.epoch_counts |= {s for s in outer[0] if not (isinstance(s, tuple) and s[0] == "len")}
            p.program.step_counts |= entry[0]
    p.loops.append(entry)
    p.rounds.doubts[id(entry)] = p.undecided


def left_early(p: Player, whole: bool) -> None:
    """A `break`, or (`whole`) a `return` out of all loops of its function: the loop goes on where it is not taken."""
    own = p.loops[p.rounds.floor :]
    if own and p.undecided > p.rounds.doubts.get(id(own[0] if whole else own[-1]), p.undecided):
        p.rounds.left = True


def leave_loop(p: Player, entry: list[Any]) -> None:
    """A loop is over, and whatever began inside it."""
    i = next((i for i, e in enumerate(p.loops) if e is entry), len(p.loops))
    del p.loops[i:]


def _plain(test: ast.expr) -> bool:
    """Whether evaluating a condition once more changes nothing."""
    return not any(isinstance(n, (ast.Call, ast.NamedExpr, ast.Await)) for n in walk(test))


def sources(value: Value) -> frozenset[Any]:
    """Where the number of turns came from."""
    if isinstance(value, Span):
        count = value.count
        same = {("count", count.value)} if isinstance(count, Const) and count.value > 1 else set()
        return getattr(count, "source", frozenset()) | same
    if isinstance(value, Stream) and value.length is not None:
        return getattr(value.length, "source", frozenset())
    if isinstance(value, Loader):
        return frozenset({("len", value.ref)})
    return frozenset()


def _data(value: Value) -> bool:
    return not isinstance(value, (Span, Const, Params)) and not (
        isinstance(value, Stream) and isinstance(value.length, Const)
    )


def iterate(
    p: Player, value: Value, at: tuple[ast.AST, Scope], most: int | None = None, entry: list[Any] | None = None
) -> Iterator[Value]:
    """The values that a loop over `value` is given, one after the other; `entry` is told where turns are left out."""
    most = turns(p) if most is None else most
    entry = entry if entry is not None else [frozenset(), 0, False, False]
    if isinstance(value, Loader):
        return _passes(p, value, at, most, entry)
    if isinstance(value, Stream):
        return _limited(p, value, at, entry)
    if isinstance(value, Span):
        return _span(p, value, most, entry)
    if isinstance(value, Seq):
        return _sequence(p, value, most, entry)
    if isinstance(value, Table) and value.items:
        return iter([Const(k) for k in value.items])
    if isinstance(value, Params):
        return iter([value])
    if isinstance(value, Module) and value.kind.endswith("ModuleDict"):
        return iter([Const(k) for k in value.attrs])
    if isinstance(value, Module) and value.items:
        return iter(list(value.items))
    if isinstance(value, Tensor):
        return _rows(p, value, most, entry)
    if isinstance(value, Const) and isinstance(value.value, (str, tuple, list)):
        return iter([Const(c) for c in value.value[: EXACT * 2]])
    if isinstance(value, Instance) and value.cls is not None and value.cls.find("__iter__") is not None:
        return _own_iter(p, value, at, most, entry)
    return _unknown(p, value, most, entry)


def _limited(p: Player, stream: Stream, at: tuple[ast.AST, Scope], entry: list[Any]) -> Iterator[Value]:
    for _ in range(LONGEST):
        try:
            value = ask_next(p, stream.it, at)
        except StopIteration:
            return
        _cut(p, entry, stream.entry is not None and stream.entry[3])
        yield value


def ask_next(p: Player, it: Iterator[Value], at: tuple[ast.AST, Scope]) -> Value:
    """The next value, with the events of getting it placed where it is asked for."""
    before, p.asker = p.asker, at
    try:
        return next(it)
    finally:
        p.asker = before


def _cut(p: Player, entry: list[Any], cut: bool = True) -> None:
    if cut:
        entry[3] = p.cut = True


def _passes(
    p: Player, loader: Loader, at: tuple[ast.AST, Scope], most: int, entry: list[Any], begun: bool = False
) -> Iterator[Value]:
    exact = loader.length is not None and loader.length <= EXACT
    count = loader.length if exact and loader.length is not None else most
    _cut(p, entry, not exact)
    if not begun:
        begin_pass(p, loader, at, entry)
    for _ in range(count):
        p.say(events.BATCH, p.asker or at, loader.ref)
        p.batches += 1
        p.handed += 1
        yield Tensor(loose=True, several=True)
    p.say(events.PASS_END, p.asker or at, loader.ref)


def loader_path(at: tuple[ast.AST, Scope]) -> str:
    """The file that asks for a loader's batches."""
    return at[1].path


def begin_pass(p: Player, loader: Loader, at: tuple[ast.AST, Scope], entry: list[Any]) -> None:
    """A pass begins: with which sampler and in which order, and whether the loader is gone through again."""
    facts: dict[str, object] = {} if loader.order is None else {events.ORDER: loader.order}
    # A `while` has no place of its own among the loops; it goes round until something inside it ends it.
    if any(outer[3] or len(outer) == 4 for outer in p.loops[loader.depth :] if outer is not entry):
        facts[events.AGAIN] = True
    by_spawn = loader.workers and not loader.forked and not p.group.forks
    if by_spawn and p.sure and not p.group.guarded and not p.importing and not loader_path(at).endswith(".ipynb"):
        facts[events.BARE] = True
    p.handed = 0
    sampler = loader.sampler
    of = () if sampler is None else (sampler.ref,) if isinstance(sampler, Sampler) else None
    p.say(events.PASS_BEGIN, p.asker or at, loader.ref, of, **facts)


def begin(p: Player, value: Value, at: tuple[ast.AST, Scope], entry: list[Any]) -> Iterator[Value]:
    """iter(value): a pass over a loader begins here and now, though its first batch may be asked for elsewhere."""
    if not isinstance(value, Loader):
        return iterate(p, value, at, None, entry)
    begin_pass(p, value, at, entry)
    return _passes(p, value, at, turns(p), entry, begun=True)


def _span(p: Player, span: Span, most: int, entry: list[Any]) -> Iterator[Value]:
    count = span.count
    known = count.value if isinstance(count, Const) and isinstance(count.value, int) else None
    exact = known is not None and known <= EXACT
    n = max(0, known) if exact and known is not None else most
    _cut(p, entry, not exact)
    start = span.start.value if isinstance(span.start, Const) and isinstance(span.start.value, int) else None
    source: frozenset[Any] = getattr(count, "source", frozenset())
    for i in range(n):
        if start is None:
            yield Unknown(("turn", span.start.key if isinstance(span.start, Unknown) else 0, i), source)
            continue
        last: Any = None
        if not exact and i == n - 1:
            last = start + (known - 1) * span.step if known is not None else None
            if isinstance(count, Unknown) and span.step == 1:
                last = Unknown(count.key, count.source, count.plus - 1 + start)
        yield Const(start + i * span.step, source if not exact else frozenset(), last, counted=not exact)


def _sequence(p: Player, seq: Seq, most: int, entry: list[Any]) -> Iterator[Value]:
    items = seq.items
    if seq.exact and len(items) <= EXACT * 2:
        yield from list(items)
        return
    _cut(p, entry)
    for i in range(most):
        yield items[i % len(items)] if items else Unknown(("item", id(seq)))


def _rows(p: Player, tensor: Tensor, most: int, entry: list[Any]) -> Iterator[Value]:
    exact = tensor.length is not None and tensor.length <= EXACT
    _cut(p, entry, not exact)
    for _ in range(tensor.length if exact and tensor.length is not None else most):
        yield Tensor(tensor.roots, loose=tensor.loose, past=part_of(tensor))


def _unknown(p: Player, value: Value, most: int, entry: list[Any]) -> Iterator[Value]:
    _cut(p, entry)
    key = value.key if isinstance(value, Unknown) else ("object", id(value))
    for _ in range(most):
        yield Unknown(("item", key))


def _own_iter(p: Player, value: Instance, at: tuple[ast.AST, Scope], most: int, entry: list[Any]) -> Iterator[Value]:
    from glassloop.source.calls import call, method

    inner = call(p, method(p, value, "__iter__", at), [], {}, at)
    if inner is not value:
        yield from iterate(p, inner, at, most, entry)
        return
    step = method(p, value, "__next__", at)
    if not isinstance(step, Function):
        yield from _unknown(p, Unknown(("object", id(value))), most, entry)
        return
    for _ in range(most):
        try:
            yield call(p, step, [], {}, at)
        except Dead as dead:
            if dead.kind == "StopIteration":
                return
            raise
