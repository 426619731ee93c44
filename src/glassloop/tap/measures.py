"""measured: the numbers of the steps, said some steps later so that nothing waits for a device.

What a step leaves is kept where it is: an alias of the loss, the norm that clipping computed anyway, at sampled steps one
norm for each gradient. Every EVERY steps all of it is gathered into one small tensor and copied; see late.py. Only small
results are kept, never a gradient, a graph or an optimizer.

Sampled: gradients are measured at the first DENSE steps of an optimizer and then at each EVERY-th. The loss is kept at
every step, so that a NaN does not slip through.
"""

from __future__ import annotations

import math
import weakref
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import torch

from glassloop.events import MEASURED, MODEL, NAMES, ROWS, SCALE_NOW, SIZES, STEPS, UPDATES, Event, Place, Ref, Row
from glassloop.tap.late import Late
from glassloop.tap.names import unwrapped

if TYPE_CHECKING:
    from glassloop.tap.ear import Ear, Known

EVERY = 16  # steps whose numbers are read together
DENSE = 128  # first steps at which every gradient is measured; from then on each EVERY-th
MOST = 64  # backwards of one step that are kept
_new: Callable[..., Any] = tuple.__new__  # makes a NamedTuple without the call that its own constructor is


class Loss(NamedTuple):
    """What a backward began with."""

    value: torch.Tensor
    version: int
    at: Place
    scaled: bool


class Layout(NamedTuple):
    """The parameters of an optimizer as they were when a step was measured: names and numbers of elements."""

    names: tuple[str, ...]
    sizes: tuple[int, ...]


class Parts(NamedTuple):
    """The norm of each gradient: `vectors` on their devices, of the parameters at `where`."""

    vectors: list[torch.Tensor]
    where: list[int]
    layout: Layout


class Taken(NamedTuple):
    """What one step left."""

    step: int
    at: Place
    losses: list[Loss]
    clips: Sequence[torch.Tensor]
    parts: Parts | None
    rates: tuple[float | None, ...]


class Account:
    """What one optimizer's steps have left and is not said yet."""

    __slots__ = ("clips", "count", "ids", "late", "layout", "losses", "parts", "ref", "sent", "taken")

    def __init__(self, ref: Ref) -> None:
        self.ref = ref
        self.count = 0  # steps
        self.losses: list[Loss] = []  # since the last step
        self.clips: list[torch.Tensor] = []
        self.parts: Parts | None = None
        self.taken: list[Taken] = []
        self.sent: list[Taken] = []  # under way
        self.late: Late | None = None
        self.ids: frozenset[int] = frozenset()
        self.layout = Layout((), ())


class Scale:
    """A scaler's updates, and copies of its scale that are under way."""

    __slots__ = ("at", "late", "ref", "scaler", "steps", "told", "updates")

    def __init__(self, ref: Ref, scaler: Any) -> None:
        self.ref, self.scaler = ref, weakref.ref(scaler)
        self.updates = self.told = self.steps = 0  # told, steps: the updates and the run's steps when it was last read
        self.late: Late | None = None
        self.at: Place = None


class Measures:
    """Gathers the numbers of one run and says them."""

    def __init__(self, ear: Ear) -> None:
        self._ear = ear
        self.steps = 0
        self.due = True  # whether the next step of some optimizer is one at which gradients are measured
        self._accounts: dict[int, Account] = {}  # by serial of the optimizer
        self._scales: dict[int, Scale] = {}

    # --- what the ear tells ----------------------------------------------------------------------------------------------

    def backward(self, loss: Any, reached: Iterable[Ref], at: Place, scaled: bool) -> None:
        """A backward has begun with `loss` and reached these optimizers' parameters."""
        if type(loss) is not torch.Tensor or (loss.dim() and loss.numel() != 1):
            return
        alias = loss.detach() if loss.dim() == 0 else loss.detach().reshape(())
        value = _new(Loss, (alias, alias._version, at, scaled))
        for ref in reached:
            losses = (self._accounts.get(ref.serial) or self._open(ref)).losses
            if len(losses) < MOST:
                losses.append(value)

    def before_clip(self, owners: Iterable[Known]) -> None:
        """Gradients of these are about to be clipped: from here on they are others."""
        for known in owners if self.due else ():
            self.before_step(known)

    def clipped(self, owners: Iterable[Known], norm: Any) -> None:
        """Gradients have been clipped; `norm` is what they measured before."""
        if type(norm) is not torch.Tensor or norm.dim():
            return
        for known in owners:
            account = self._accounts.get(known.ref.serial) or self._open(known.ref)
            if len(account.clips) < MOST:
                account.clips.append(norm.detach())

    def before_step(self, known: Known) -> None:
        """An optimizer is about to step, or its closure has run."""
        account = self._accounts.get(known.ref.serial) or self._open(known.ref)
        if account.parts is None and self._samples(account):
            account.parts = self._measure(account, known)

    def stepped(self, known: Known, at: Place) -> None:
        """An optimizer has stepped."""
        self.steps += 1
        account = self._accounts.get(known.ref.serial) or self._open(known.ref)
        optimizer = known.optimizer()
        groups = optimizer.param_groups if optimizer is not None else ()
        rate = groups[0].get("lr") if len(groups) == 1 else None
        rates = (rate,) if type(rate) is float else tuple(map(_rate, groups))
        account.taken.append(_new(Taken, (self.steps, at, account.losses, account.clips or (), account.parts, rates)))
        account.count += 1
        account.losses = []
        if account.clips:
            account.clips = []
        account.parts = None
        self.due = any(map(self._samples, self._accounts.values()))
        if len(account.taken) >= EVERY and not _is_captured(next(_tensors(account.taken[-1]), None)):
            self._turn(account)

    def cleared(self, of: Iterable[Ref]) -> None:
        """Gradients have been cleared: what made them is no part of the next step (a step that the user skipped)."""
        for ref in of:
            account = self._accounts.get(ref.serial)
            if account is not None and (account.losses or account.clips):
                account.losses, account.clips, account.parts = [], [], None

    def updated(self, ref: Ref, scaler: Any, at: Place) -> None:
        """A scaler has set its scale. What is still kept of losses is of steps that it skipped."""
        scale = self._scales.get(ref.serial)
        if scale is None:
            scale = self._scales[ref.serial] = Scale(ref, scaler)
        scale.updates, scale.at = scale.updates + 1, at
        for account in self._accounts.values():
            if account.losses and account.losses[-1].scaled:
                account.losses, account.clips, account.parts = [], [], None
        if scale.updates % EVERY == 0:
            self._turn_scale(scale)

    def finish(self) -> None:
        """Reads and says all that is left."""
        for account in self._accounts.values():
            self._turn(account)
            self._say(account)
        for scale in self._scales.values():
            self._turn_scale(scale)
            self._say_scale(scale)

    # --- taking ----------------------------------------------------------------------------------------------------------

    def _open(self, ref: Ref) -> Account:
        for serial in [s for s in self._accounts if s not in self._ear.optimizers]:  # those that are gone
            gone = self._accounts.pop(serial)
            self._turn(gone)
            self._say(gone)
        account = self._accounts[ref.serial] = Account(ref)
        self.due = True
        return account

    def _samples(self, account: Account) -> bool:
        return account.count < DENSE or account.count % EVERY == 0

    def _measure(self, account: Account, known: Known) -> Parts | None:
        params = known.held.params
        where, grads = [], []
        for index, param in enumerate(params):
            grad = _plain(param.grad)
            if grad is not None:
                where.append(index)
                grads.append(grad)
        if not grads or torch.compiler.is_compiling() or _is_captured(grads[0]):
            return None
        if account.ids is not known.held.ids:
            account.ids, account.layout = known.held.ids, Layout(self._names(known), tuple(p.numel() for p in params))
        recording = torch.is_grad_enabled()
        torch._C._set_grad_enabled(False)  # not no_grad(): the ear hears that
        try:
            return _norms(grads, where, account.layout)
        finally:
            torch._C._set_grad_enabled(recording)

    def _names(self, known: Known) -> tuple[str, ...]:
        """The parameters' names: as the optimizer was given them, or in the model that has most of them."""
        params, optimizer = known.held.params, known.optimizer()
        groups = optimizer.param_groups if optimizer is not None else []
        given = [name for group in groups for name in group.get("param_names", ())]
        if len(given) == len(params):
            return tuple(given)
        wanted = known.held.ids
        models = {id(model): model for model in map(unwrapped, self._ear.names.living(MODEL))}
        held = [
            (model, {id(p): name for name, p in model.named_parameters() if id(p) in wanted}) for model in models.values()
        ]
        best: dict[int, str] = {}
        for model, found in sorted(held, key=lambda pair: -len(pair[1])):
            new = {key: name for key, name in found.items() if key not in best}
            if best and new:  # a second model: whose name is it?
                new = {key: f"{type(model).__name__}@{len(best)}.{name}" for key, name in new.items()}
            best |= new
        return tuple(best.get(id(p), f"parameter {i}") for i, p in enumerate(params))

    # --- saying ----------------------------------------------------------------------------------------------------------

    def _turn(self, account: Account) -> None:
        """Says what was under way and sends what was taken; says that, too, where it need not travel."""
        self._say(account)
        if not account.taken:
            return
        account.sent, account.taken = account.taken, []
        for taken in account.sent:
            for loss in taken.losses:
                if loss.value._version != loss.version:
                    taken.losses[:] = [x for x in taken.losses if x.value._version == x.version]
                    break
        account.late = Late([tensor for taken in account.sent for tensor in _tensors(taken)])
        if account.late.there():
            self._say(account)

    def _say(self, account: Account) -> None:
        late, sent = account.late, account.sent
        if late is None:
            return
        account.late, account.sent = None, []
        numbers = iter(late.read())
        rows = tuple(_row(taken, numbers, account.layout) for taken in sent)
        facts = {ROWS: rows, NAMES: account.layout.names, SIZES: account.layout.sizes}
        self._ear.tell(Event(MEASURED, sent[-1].at, account.ref, (account.ref,), facts))

    def _turn_scale(self, scale: Scale) -> None:
        self._say_scale(scale)
        value = getattr(scale.scaler(), "_scale", None)  # written in place at each update, so it is copied
        if isinstance(value, torch.Tensor):
            scale.late = Late([value.detach()])
            if scale.late.there():
                self._say_scale(scale)

    def _say_scale(self, scale: Scale) -> None:
        if scale.late is None:
            return
        late, scale.late = scale.late, None
        updates, scale.told = scale.updates - scale.told, scale.updates
        facts = {SCALE_NOW: late.read()[0][0], UPDATES: updates, STEPS: self.steps - scale.steps}
        scale.steps = self.steps
        self._ear.tell(Event(MEASURED, scale.at, scale.ref, (), facts))


def _tensors(taken: Taken) -> Iterator[torch.Tensor]:
    """What of a step has to travel, in the order in which `_row` takes the numbers back."""
    for loss in taken.losses:
        yield loss.value
    yield from taken.clips
    if taken.parts is not None:
        yield from taken.parts.vectors


def _row(taken: Taken, numbers: Iterator[list[float]], layout: Layout) -> Row:
    """The numbers of a step."""
    if len(taken.losses) == 1 and not taken.clips and taken.parts is None:  # most steps
        only = taken.losses[0]
        return Row(taken.step, taken.at, only.at, next(numbers)[0], None, None, taken.rates, only.scaled, False)
    losses = [(next(numbers)[0], loss) for loss in taken.losses]
    clips = [next(numbers)[0] for _ in taken.clips]
    flat = [value for _ in taken.parts.vectors for value in next(numbers)] if taken.parts is not None else []
    parts: tuple[float | None, ...] | None = None
    if taken.parts is not None and taken.parts.layout is layout:
        by_index = dict(zip(taken.parts.where, flat, strict=True))
        parts = tuple(by_index.get(index) for index in range(len(layout.names)))
    norms = clips or flat
    norm = math.hypot(*norms) if norms else None
    bad = [pair for pair in losses if not math.isfinite(pair[0])]
    chosen = bad[:1] or losses[-1:]
    if not chosen:
        return Row(taken.step, taken.at, None, None, norm, parts, taken.rates, False, bool(clips))
    value, loss = chosen[0]
    return Row(taken.step, taken.at, loss.at, value, norm, parts, taken.rates, loss.scaled, bool(clips))


def _norms(grads: list[torch.Tensor], where: list[int], layout: Layout) -> Parts:
    """One norm a gradient, device by device. Half precision is summed in single: it would overflow."""
    devices: dict[torch.device, list[int]] = {}
    for index, grad in enumerate(grads):
        devices.setdefault(grad.device, []).append(index)
    half = any(grad.dtype in (torch.float16, torch.bfloat16) for grad in grads)
    vectors = []
    for indices in devices.values():
        mine = [grads[i] for i in indices]
        vectors.append(torch.stack(torch._foreach_norm(mine, 2, dtype=torch.float32 if half else None)))
    return Parts(vectors, [where[i] for indices in devices.values() for i in indices], layout)


def _plain(grad: Any) -> torch.Tensor | None:
    """A gradient whose norm is its numbers' alone: no shard of one, no stand-in for one."""
    if type(grad) is not torch.Tensor or grad.device.type == "meta":
        return None
    if grad.layout is torch.strided:
        return grad
    return grad._values() if grad.layout is torch.sparse_coo else None


def _is_captured(tensor: torch.Tensor | None) -> bool:
    """Whether the device's work is being recorded for replay just now: ours must not become part of that."""
    return tensor is not None and tensor.is_cuda and torch.cuda.is_current_stream_capturing()


def _rate(group: dict[str, Any]) -> float | None:
    """A group's learning rate; None where reading it might wait."""
    rate = group.get("lr")
    return float(rate) if isinstance(rate, (int, float)) else None
