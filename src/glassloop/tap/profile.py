"""What each line cost and made: time, shapes, loss, gradient norm, learning rate, memory. Only where it is asked for.

Time is taken around the same calls that the ear hears, on the host. Values are read at sampled steps only (the first three,
then every tenth or, on an accelerator, every 50th), because reading one waits for the device. On an accelerator time, too,
is taken at those steps alone, with the device waited for before and after each call: else it would say how fast work was
handed over.

Nothing is changed: a run ends in the same bits with it and without (a test says so).
"""

from __future__ import annotations

import functools
import math
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import torch
from torch import nn
from torch.nn.modules.loss import _Loss
from torch.optim.optimizer import register_optimizer_step_pre_hook
from torch.utils.data import DataLoader
from torch.utils.data.dataloader import _BaseDataLoaderIter

from glassloop.events import BATCH, CLIP, FORWARD, LOSS_MADE, ONLY_HEARD, STEP, Event
from glassloop.tap.autograd import CLIPS
from glassloop.tap.ear import Ear
from glassloop.tap.models import F_LOSSES
from glassloop.tap.patch import Patches
from glassloop.tap.tally import Tally

FIRST, EVERY, EVERY_ON_DEVICE = 3, 10, 50  # steps at which values are read: the first few, then every so many
MOST = 200  # so many samples, and from then on half as often
SHAPES = 4  # different ones kept for a line


def _guarded(method: Callable[..., None]) -> Callable[..., None]:
    """What fails while it looks ends the looking, never the run."""

    @functools.wraps(method)
    def call(self: Profile, *args: Any) -> None:
        try:
            method(self, *args)
        except Exception:
            if self._ear is not None:
                self._ear.fault(in_hook=method.__name__ == "_steps")

    return call


class Profile(Tally):
    """A tally that also times and looks. `attach` makes it listen; it must come after the ear's own patches."""

    def __init__(self) -> None:
        super().__init__()
        self.seconds: dict[int, float] = {}
        self.timed: dict[int, int] = {}
        self.seen: dict[int, dict[str, Any]] = {}
        self.total = 0.0
        self._ear: Ear | None = None
        self._began: float | None = None
        self._step_began: float | None = None
        self._last: Event | None = None
        self._device = torch.cuda.is_available()
        self._every = EVERY_ON_DEVICE if self._device else EVERY
        self._before_step: dict[str, Any] = {}

    # --- listening -------------------------------------------------------------------------------------------------------

    def attach(self, ear: Ear, patches: Patches) -> None:
        """Put a clock around the calls that the ear hears, outside of its own wrappers."""
        self._ear = ear
        patches.then(register_optimizer_step_pre_hook(self._steps).remove)
        patches.attribute(nn.Module, "__call__", self._forward)
        patches.attribute(nn.Module, "zero_grad", self._call)
        patches.attribute(torch.optim.Optimizer, "zero_grad", self._call)
        patches.attribute(torch.autograd, "backward", self._call)
        patches.attribute(DataLoader, "__iter__", self._call)
        patches.attribute(_BaseDataLoaderIter, "__next__", self._batch)
        for name in CLIPS:
            patches.function(nn.utils, name, self._clip, outside=True)
        for name in F_LOSSES:
            patches.function(nn.functional, name, self._loss, outside=True)

    def hear(self, event: Event) -> None:
        """Count it, and end the clock of the call that it came from."""
        if event.kind in ONLY_HEARD:
            return
        super().hear(event)
        self._last = event
        if event.kind == FORWARD:  # said before the call; the call ends its own clock
            return
        self._stop(event)
        if event.kind == STEP:
            now = self._now()
            if self._times() and self._step_began is not None:
                self.total += now - self._step_began
            self._step_began = now
            if self._before_step:
                self._keep(event, self._before_step)
                self._before_step = {}

    def _samples(self) -> bool:
        if self.steps > MOST * self._every:
            self._every *= 2
        return self.steps < FIRST or self.steps % self._every == 0

    def _times(self) -> bool:
        return not self._device or self._samples()

    def _now(self) -> float:
        if self._device and self._samples():
            torch.cuda.synchronize()
        return time.perf_counter()

    @_guarded
    def _start(self) -> None:
        if self._times():
            self._began = self._now()
            if self._step_began is None:
                self._step_began = self._began

    @_guarded
    def _stop(self, event: Event) -> None:
        if self._began is None:
            return
        key = id(event)
        self.seconds[key] = self.seconds.get(key, 0.0) + self._now() - self._began
        self.timed[key] = self.timed.get(key, 0) + 1
        self._began = None
        if self._device and self._samples():
            self._largest(key, "memory", torch.cuda.memory_allocated())

    def _outermost(self) -> bool:
        ear = self._ear
        return ear is not None and ear.hears() and not ear.deep

    # --- the calls -------------------------------------------------------------------------------------------------------

    def _call(self, original: Any) -> Any:
        """A call whose event is said when it is over."""

        @functools.wraps(original)
        def call(*args: Any, **kwargs: Any) -> Any:
            if self._outermost():
                self._start()
            return original(*args, **kwargs)

        return call

    def _forward(self, original: Any) -> Any:
        compiling = torch.compiler.is_compiling

        def __call__(module: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: N807
            if compiling() or not self._outermost():
                return original(module, *args, **kwargs)
            self._last = None
            self._start()
            result = original(module, *args, **kwargs)
            event = self._last
            if event is not None and event.kind == FORWARD:
                self._stop(event)
                if self._samples():
                    self._shape(event, "in", (args, kwargs))
                    self._shape(event, "out", result)
            elif event is not None and isinstance(module, _Loss):
                self._value(event, "loss", result)
            return result

        return __call__

    def _batch(self, original: Any) -> Any:
        @functools.wraps(original)
        def __next__(iterator: Any) -> Any:  # noqa: N807
            if not self._outermost():
                return original(iterator)
            self._start()
            batch = original(iterator)
            if self._samples() and self._last is not None and self._last.kind == BATCH:
                self._shape(self._last, "out", batch)
            return batch

        return __next__

    def _loss(self, original: Any) -> Any:
        compiling = torch.compiler.is_compiling

        @functools.wraps(original)
        def loss(*args: Any, **kwargs: Any) -> Any:
            if compiling() or not self._outermost():
                return original(*args, **kwargs)
            self._start()
            result = original(*args, **kwargs)
            if self._last is not None and self._last.kind == LOSS_MADE:
                self._value(self._last, "loss", result)
            return result

        return loss

    def _clip(self, original: Any) -> Any:
        @functools.wraps(original)
        def clip(parameters: Any, *args: Any, **kwargs: Any) -> Any:
            if not self._outermost():
                return original(parameters, *args, **kwargs)
            self._start()
            norm = original(parameters, *args, **kwargs)
            if isinstance(norm, torch.Tensor) and self._last is not None and self._last.kind == CLIP:
                self._value(self._last, "grad_norm", norm)
                limit = args[0] if args else kwargs.get("max_norm")
                if isinstance(limit, (int, float)) and math.isfinite(limit):  # an endless one only measures
                    self._keep(self._last, {"limit": float(limit)})
            return norm

        return clip

    @_guarded
    def _steps(self, optimizer: Any, args: Any, kwargs: Any) -> None:
        """Before an update: the rate that it uses, and at sampled steps the length of the gradient."""
        if not self._outermost():
            return
        if self._samples():
            rates = [float(group["lr"]) for group in optimizer.param_groups]
            self._before_step = {"lr": [[self.steps, rates[0]]]} if rates and math.isfinite(rates[0]) else {}
            norm = _norm(p.grad for group in optimizer.param_groups for p in group["params"])
            if norm is not None:
                self._before_step["grad_norm"] = [[self.steps, norm]]
        self._start()

    # --- what was seen -----------------------------------------------------------------------------------------------------

    @_guarded
    def _value(self, event: Event, name: str, value: Any) -> None:
        if self._samples() and isinstance(value, torch.Tensor) and value.numel() == 1:
            number = float(value.detach())
            if math.isfinite(number):
                self._keep(event, {name: [[self.steps, number]]})

    def _keep(self, event: Event, values: Mapping[str, Any]) -> None:
        seen = self.seen.setdefault(id(event), {})
        for name, value in values.items():
            if isinstance(value, list):
                seen.setdefault(name, []).extend(value)
            else:
                seen[name] = value

    @_guarded
    def _shape(self, event: Event, name: str, value: Any) -> None:
        kept = self.seen.setdefault(id(event), {}).setdefault(name, [])
        shapes = [list(t.shape) for t in tensors(value)][:4]
        if shapes and shapes not in kept and len(kept) < SHAPES:
            kept.append(shapes)

    def _largest(self, key: int, name: str, value: int) -> None:
        seen = self.seen.setdefault(key, {})
        seen[name] = max(seen.get(name, 0), value)

    # --- the record ------------------------------------------------------------------------------------------------------

    def add(self, row: dict[str, Any], key: int) -> None:
        """Time and values of a line."""
        if key in self.seconds:
            row["seconds"] = round(row.get("seconds", 0.0) + self.seconds[key], 9)
            row["timed"] = row.get("timed", 0) + self.timed[key]
        for name, value in self.seen.get(key, {}).items():
            if isinstance(value, list):
                row.setdefault(name, []).extend(v for v in value if v not in row[name])
            else:
                row[name] = value

    def whole(self) -> dict[str, Any]:
        """The time that the lines' times are shares of, how it was taken, and the largest memory."""
        how = "sampled steps, the device waited for" if self._device else "every step"
        told: dict[str, Any] = {"seconds": round(self.total, 9), "timed": how}
        told["sampled"] = f"the first {FIRST} steps, then every {self._every}th"
        if self._device:
            told["peak_device_memory"] = torch.cuda.max_memory_allocated()
        if sys.platform != "win32":
            import resource

            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            told["peak_memory"] = peak if sys.platform == "darwin" else peak * 1024
        return told


def tensors(value: Any) -> list[torch.Tensor]:
    """The tensors in a batch or an output, a few levels deep."""
    found: list[torch.Tensor] = []
    pending: list[tuple[Any, int]] = [(value, 0)]
    while pending:
        v, depth = pending.pop(0)
        if isinstance(v, torch.Tensor):
            found.append(v)
        elif depth < 3 and isinstance(v, Mapping):
            pending.extend((x, depth + 1) for x in v.values())
        elif depth < 3 and isinstance(v, (list, tuple)):
            pending.extend((x, depth + 1) for x in v)
    return found


def _norm(grads: Iterable[Any]) -> float | None:
    """The length of all gradients together; None where one of them is no plain tensor, or not finite."""
    plain = [g for g in grads if g is not None]
    if not plain or any(type(g) is not torch.Tensor or g.is_sparse for g in plain):
        return None
    with torch.no_grad():
        total = sum(float(torch.linalg.vector_norm(g.float())) ** 2 for g in plain)
    return math.sqrt(total) if math.isfinite(total) else None


