"""Parameters that became others while an optimizer held them: a layer put in another's place, a model built anew."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

from glassloop.findings import Where
from glassloop.source.owners import owners_in, owners_within
from glassloop.source.values import Grad, Module, Optimizer, Params, Scope, Tensor, Value

if TYPE_CHECKING:
    from glassloop.source.player import Player

At = tuple[ast.AST, Scope]

# Layers that hold parameters, whatever their arguments.
HOLDING = (
    "Linear", "Bilinear", "Conv", "BatchNorm", "LayerNorm", "GroupNorm", "Embedding", "LSTM", "GRU", "RNN",
    "MultiheadAttention", "Transformer", "PReLU", "LazyLinear", "LazyConv",
)  # fmt: skip


class Replaced(NamedTuple):
    """New parameters: where they came in, who holds the old ones, and whether a whole model is another now."""

    owner: Value
    at: Where
    holders: tuple[Optimizer, ...]
    whole: bool


def has_parameters(v: Value) -> bool:
    """Whether something certainly holds parameters that take gradients."""
    for owner in owners_within(v):
        if isinstance(owner, Tensor):
            return True
        last = owner.kind.rsplit(".", 1)[-1] if isinstance(owner, Module) and owner.kind.startswith("torch.nn.") else ""
        if last.startswith(HOLDING) and not owner.frozen and not owner.doubtful:
            return True
    return False


def put_in(p: Player, whole: Module, old: Value | None, new: Value, at: At) -> None:
    """A layer or parameter of `whole` is another now."""
    if not p.optimizers or p.inside or p.either or not isinstance(new, (Module, Tensor)) or new is old:
        return
    there = isinstance(old, (Module, Tensor)) or whole.cls is None
    if not there or not has_parameters(new) or (old is not None and old in owners_within(new)):
        return
    _note(p, new, _holders(p, whole), at, whole=False)


def bound_again(p: Player, old: Value | None, new: Value, at: At) -> None:
    """A name that stood for a model stands for another one."""
    if not p.optimizers or p.inside or p.either or not isinstance(old, Module) or not isinstance(new, Module) or new is old:
        return
    holders = tuple(o for o in _holders(p, old) if o.ref.serial < new.ref.serial)
    if holders and old not in owners_within(new) and has_parameters(new):
        _note(p, new, holders, at, whole=True)


class Copied(NamedTuple):
    """A copy of a model that an optimizer holds: where it was made, and how many steps there had been."""

    original: Module
    copy: Module
    at: Where
    holders: tuple[Optimizer, ...]
    steps: int
    owners: frozenset[Value]


def copied(p: Player, old: Value, new: Value, at: At) -> None:
    """A model was copied once and for all; which of the two goes on training is to be seen."""
    if not p.optimizers or p.inside or p.either or p.undecided or p.loops or p.hidden:
        return
    if isinstance(old, Module) and isinstance(new, Module) and has_parameters(new):
        holders = _holders(p, old)
        if holders and all(o.owners is not None for o in p.optimizers):
            p.copies.append(Copied(old, new, p.where(*at), holders, len(p.steps), owners_within(old)))


def at_work(p: Player, used: Iterable[Value]) -> None:
    """These are used, or touched: what was copied from them, or from what an optimizer holds with them, is no stand-in."""
    for v in used if p.copies else ():
        owners = owners_in(v.owners) if isinstance(v, (Params, Grad, Optimizer)) else owners_within(v)
        p.copies = [c for c in p.copies if owners.isdisjoint(c.owners.union(*(owners_in(o.owners) for o in c.holders)))]


def walked(p: Player, roots: frozenset[Value] | None) -> None:
    """A backward reaches these."""
    if roots is None:
        p.copies.clear()  # who knows what it reaches
        return
    at_work(p, roots)
    p.copies_trained |= {id(c.copy) for c in p.copies if c.copy in roots}


def _stand_in(p: Player, m: Module) -> tuple[Where, tuple[object, ...]] | None:
    """A copy that a backward has reached, of a model that did nothing while its optimizer stepped, a turn ago."""
    for c in p.copies:
        mine = m is c.copy and id(c.copy) in p.copies_trained and not m.frozen and not m.doubtful
        steps = [o for o, _ in p.steps[c.steps :]]
        if mine and p.holding({m}) == () and all(o in steps for o in c.holders) and set(steps) == set(c.holders):
            return c.at, tuple(o.ref for o in c.holders)
    return None


def reallocated(p: Player, m: Module, at: At) -> None:
    """All parameters of a model are new tensors, the model is the same."""
    if p.optimizers and not p.inside and not p.either:
        _note(p, m, _holders(p, m), at, whole=False, same=True)


def _holders(p: Player, m: Module) -> tuple[Optimizer, ...]:
    return tuple(o for o in p.optimizers if o.owners is not None and m in owners_in(o.owners) - o.stale)


def _note(p: Player, new: Value, holders: tuple[Optimizer, ...], at: At, whole: bool, same: bool = False) -> None:
    owners = owners_within(new)
    if not holders or any(o.owners is None for o in p.optimizers):
        return
    if not same and any(not owners.isdisjoint(owners_in(o.owners) - o.stale) for o in p.optimizers):
        return  # shared with something that is held: tied weights
    for holder in holders:
        holder.stale |= owners
    p.replaced.extend(Replaced(owner, p.where(*at), holders, whole) for owner in owners)


def shares_fate(p: Player, whole: Module, part: Value) -> None:
    """A part of a layer, met only now, is held by whom the layer is held by, and by nobody else."""
    for o in p.optimizers:
        if whole in o.stale:
            o.stale.add(part)


def taken_up(o: Optimizer, owners: frozenset[Value] | None) -> None:
    """A group was added: what is in it is held again."""
    o.stale -= owners_in(owners)


def unheld(p: Player, m: Module) -> tuple[Where, tuple[object, ...]] | None:
    """Where parameters of a model became others that no optimizer holds, and the optimizers that hold the old ones."""
    if p.copies and (stands := _stand_in(p, m)) is not None:
        return stands
    if not p.replaced:
        return None
    inside = owners_within(m)
    mine = [r for r in p.replaced if r.owner in inside]
    if not mine:
        # The old model is at work: what its name stands for now is another matter.
        p.replaced = [r for r in p.replaced if not (r.whole and any(not _used(o, inside) for o in r.holders))]
        return None
    for r in mine:
        if not (isinstance(r.owner, Module) and r.owner.frozen) and p.holding({r.owner}) == ():
            return r.at, tuple(o.ref for o in r.holders)
    return None


def _used(o: Optimizer, owners: frozenset[Value]) -> bool:
    return owners.isdisjoint(owners_in(o.owners) - o.stale)
