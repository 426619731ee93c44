"""A model's own forward, played aside: what comes out of it, unheard and with everything put back as it was.

Only the outermost call is heard, so a forward is not played where the model is called. Some questions need it all the
same: whether what comes out are logits or probabilities. It is played once for each way through it, up to a few; what
is not the same on every way is not known.
"""

from __future__ import annotations

import ast
from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

from glassloop.events import INNER_LOSS
from glassloop.source.owners import restructured
from glassloop.source.values import (
    Const,
    Function,
    Instance,
    Module,
    Scope,
    Seq,
    Table,
    Tensor,
    Unknown,
    Value,
)

if TYPE_CHECKING:
    from glassloop.source.player import Player

WAYS = 8  # through one forward
STATEMENTS = 3_000  # of all ways together
NESTED = 12  # forwards within forwards


class InnerLoss(NamedTuple):
    """A loss that a forward computes of what it does not take: where, and the facts on it."""

    at: tuple[ast.AST, Scope]
    facts: dict[str, object]


class Inside(NamedTuple):
    """`results`: what the forward gives back, one for each way that ends in a return; `minds`: all of them mind the mode.

    `losses`: those given what they do not take, on every way.
    """

    results: tuple[Value, ...]
    minds: bool
    unnamed: tuple[tuple[ast.AST, Scope], ...] = ()  # softmaxes of no named dimension on the first way
    losses: tuple[InnerLoss, ...] = ()


def look(
    p: Player,
    m: Module,
    given: tuple[Value, ...],
    training: bool | None,
    named: dict[str, Value] | None = None,
    *,
    fresh: bool = False,
    formed: bool = False,
) -> Inside | None:
    """What happens inside a call of a model of the user's own; None where it cannot be followed to its end.

    `fresh`: with the very models of this path in the results; otherwise what was found for an equal model will do.
    `formed`: it is told what the numbers of its arguments are known to be.
    """
    if m.cls is None or m.doubtful:
        return None
    forward = m.cls.find("forward")
    if not isinstance(forward, Function) or p.inside >= NESTED:
        return None
    given = tuple(_plain(p, v, formed) for v in given)
    named = {name: _plain(p, v, formed) for name, v in (named or {}).items()}
    forms = tuple(v.form for v in (*given, *named.values()) if isinstance(v, Tensor))
    asked = tuple(type(v).__name__ for v in given), tuple((name, fingerprint(v, set())) for name, v in named.items()), forms
    key = (id(m.cls.node), training, asked, fingerprint(m, set()))
    known: dict[Hashable, Inside | None] = p.program.insides
    if key not in known or fresh:
        known[key] = None  # a forward that calls itself
        known[key] = _play(p, m, forward, (list(given), named), training)
    return known[key]


def _plain(p: Player, v: Value, formed: bool) -> Value:
    """An argument as the forward sees it, whoever calls: a tensor is any tensor."""
    from glassloop.source.forms import form_of

    form = form_of(p, v) if formed else None
    return Tensor(loose=True, form=form) if isinstance(v, (Tensor, Unknown)) else v


def fingerprint(v: Value, seen: set[int], depth: int = 6) -> Hashable:
    """Equal for values that a forward cannot tell apart."""
    if isinstance(v, Const):
        return repr(v.value)[:80]
    if isinstance(v, Unknown):
        return v.key
    if depth == 0 or id(v) in seen:
        return type(v).__name__
    seen.add(id(v))
    if isinstance(v, (Module, Instance)):
        attrs = tuple((name, fingerprint(a, seen, depth - 1)) for name, a in v.attrs.items())
        cls = id(v.cls.node) if v.cls is not None else None
        if isinstance(v, Instance):
            return (cls, attrs)
        items = tuple(fingerprint(i, seen, depth - 1) for i in v.items)
        return (cls, v.kind, v.training, v.frozen, v.doubtful, v.made, items, attrs)
    if isinstance(v, (Seq, Table)):
        values = v.items if isinstance(v, Seq) else list(v.items.values())
        names = () if isinstance(v, Seq) else tuple(map(repr, v.items))
        return (type(v).__name__, v.exact, names, tuple(fingerprint(i, seen, depth - 1) for i in values))
    return type(v).__name__


def _play(
    p: Player, m: Module, forward: Function, given: tuple[list[Value], dict[str, Value]], training: bool | None
) -> Inside | None:
    from glassloop.source.calls import call
    from glassloop.source.player import Dead, GaveUp

    results: list[Value] = []
    minds = True
    unnamed: tuple[tuple[ast.AST, Scope], ...] = ()
    losses: list[list[InnerLoss]] = []
    pending: list[tuple[bool, ...]] = [()]
    budget = STATEMENTS
    at = (forward.node, forward.scope)
    while pending:
        forced = pending.pop()
        with _aside(p, m, forced, budget) as play:
            m.training = training
            bound = Function(forward.node, forward.scope, m, forward.owner, forward.defaults)
            try:
                results.append(call(p, bound, list(given[0]), dict(given[1]), at))
            except Dead:
                pass  # this way ends in an error
            except (GaveUp, RecursionError):
                return None
            else:
                minds = minds and p.minded
                losses.append(p.inner_losses)
            choices = list(p.choices)
            unnamed = unnamed or tuple(p.unnamed)
        budget = play.left
        pending.extend((*choices[:i], not choices[i]) for i in range(len(forced), len(choices)))
        if len(results) + len(pending) > WAYS:
            return None
    return Inside(tuple(results), minds and bool(results), unnamed, _on_all(losses))


def _on_all(ways: list[list[InnerLoss]]) -> tuple[InnerLoss, ...]:
    nodes = [{loss.at[0] for loss in way} for way in ways]
    return tuple(loss for loss in (ways[0] if ways else ()) if all(loss.at[0] in way for way in nodes))


def say_inner_losses(p: Player, inside: Inside) -> None:
    """What losses inside a model were given, said by the call of the model; that of a model in it says it with its own."""
    if p.inside:
        p.inner_losses += inside.losses
        return
    for loss in inside.losses:
        p.say(INNER_LOSS, loss.at, None, None, **loss.facts)


@contextmanager
def _aside(p: Player, m: Module, forced: tuple[bool, ...], statements: int) -> Iterator[Any]:
    """Play something of which nothing is heard and nothing stays."""
    from glassloop.source.player import Budget

    names = (
        "forced", "choices", "asked", "budget", "played", "grad", "off_at", "autocast", "loops", "statement", "undecided",
        "cut", "haunted", "asker", "minded", "unnamed", "inner_losses",
    )  # fmt: skip
    kept = {name: getattr(p, name) for name in names}
    # What the path has assumed is not asked: what is found here counts for every path.
    assumed, p.assumed = p.assumed, {}
    roles, called, visited = dict(p.roles), set(p.called), set(p.visited)
    attrs = [(part, dict(part.attrs), list(part.items), part.training, part.frozen) for part in _modules(m)]
    p.forced, p.choices, p.budget, p.played, p.grad, p.loops = forced, [], Budget(statements), 0, True, []
    p.asked = []
    p.minded = False
    p.unnamed = []
    p.inner_losses = []
    p.hidden += 1
    p.inside += 1
    try:
        yield p.budget
    finally:
        p.hidden -= 1
        p.inside -= 1
        for name, value in kept.items():
            setattr(p, name, value)
        p.assumed, p.roles, p.called, p.visited = assumed, roles, called, visited
        for part, was, items, training, frozen in attrs:
            part.attrs, part.items, part.training, part.frozen = was, items, training, frozen
        restructured(m)


def _modules(m: Module) -> list[Module]:
    """A model and the models in it, wherever it keeps them."""
    found: dict[int, Module] = {}
    pending: list[Value] = [m]
    while pending:
        v = pending.pop()
        if isinstance(v, Module) and id(v) not in found:
            found[id(v)] = v
            pending.extend((*v.attrs.values(), *v.items))
        elif isinstance(v, (Seq, Table)):
            pending.extend(v.items if isinstance(v, Seq) else v.items.values())
    return list(found.values())
