"""What is measured in a run, step by step: sizes of updates and gradients, rates, modes, what graphs keep.

The tap says what happened; these probes read the numbers that the tap leaves alone. Each patch here lies inside the
tap's own, so the tap sees the same callers as ever. The values that the training computes are not touched.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import math
import sys
from collections.abc import Iterable
from types import GeneratorType
from typing import Any

import torch
from torch.amp.grad_scaler import GradScaler
from torch.optim.optimizer import register_optimizer_step_post_hook, register_optimizer_step_pre_hook

from glassloop.events import FORWARD, GRAD, STEP, TRAINING, Event
from glassloop.lab.figures import Trace
from glassloop.lab.graphs import Kept
from glassloop.tap.patch import Patches
from glassloop.tap.place import caller_of, is_users

_READS = ("item", "tolist", "__float__", "__int__", "__bool__")  # the host waits here for what the device has to do


class EnoughError(BaseException):
    """Ends the script at the bound. No Exception, so that a loop that survives those does not go on."""


class Probe:
    """Fills a trace while a script runs. A context manager: enter it before the tap listens."""

    def __init__(self, trace: Trace, steps: int = 0, forwards: int = 0) -> None:
        self.trace = trace
        self.kept = Kept()
        self._bounds = steps, forwards
        self._patches = Patches()
        self._start: dict[int, tuple[torch.Tensor, torch.Tensor]] = {}  # by id: the parameter, and what it was at first
        self._before: list[tuple[torch.Tensor, torch.Tensor]] = []  # of the step under way
        self._stepping: list[Any] = []
        self._row: dict[str, float | None] = {}
        self._unscaled: dict[int, tuple[torch.Tensor, torch.Tensor]] = {}  # by id of the scaled loss
        self._scaler: Any = None

    def __enter__(self) -> Probe:
        patch = self._patches
        patch.attribute(torch.optim.Optimizer, "__init__", self._made)
        patch.attribute(torch.optim.Optimizer, "add_param_group", self._grown)
        patch.attribute(torch.autograd, "backward", self._backward)
        patch.attribute(GradScaler, "scale", self._scales)
        patch.attribute(GradScaler, "update", self._updates)
        for name in _READS:
            patch.attribute(torch.Tensor, name, self._read)
        for name in ("clip_grad_norm_", "clip_grad_value_"):
            patch.function(torch.nn.utils, name, self._clip)
        patch.then(register_optimizer_step_pre_hook(self._begins).remove)
        patch.then(register_optimizer_step_post_hook(self._ended).remove)
        patch.settle()
        return self

    def __exit__(self, *_: object) -> None:
        self._patches.undo()

    def graphs(self, wanted: bool) -> contextlib.AbstractContextManager[Any]:
        """Counts what graphs keep, while it is entered."""
        return self.kept.hooks() if wanted else contextlib.nullcontext()

    def hear(self, event: Event) -> None:
        """The tap's events. Raises EnoughError at the bound."""
        steps, forwards = self._bounds
        if event.kind == FORWARD:
            training = bool(event.facts.get(TRAINING))
            self.kept.forward(training)
            if event.facts.get(GRAD):
                self._forward(training)
                if forwards and self.trace.forwards > forwards:
                    raise EnoughError
        elif event.kind == STEP and steps and len(self.trace.columns["loss"]) >= steps:
            raise EnoughError

    def sum_up(self) -> None:
        """Says what became of the parameters, from first to last."""
        trace, digest, way = self.trace, hashlib.sha256(), 0.0
        for param, first in self._start.values():
            now = param.detach()
            same_form = now.shape == first.shape and now.dtype == first.dtype and now.device == first.device
            trace.travelled += not same_form or not torch.equal(now, first)
            way += float((now.double() - first.double()).square().sum()) if same_form else 0.0
            if not now.is_meta:
                digest.update(now.cpu().double().numpy().tobytes())
        trace.tensors, trace.distance, trace.weights = len(self._start), way**0.5, digest.hexdigest()[:16]
        trace.graph_peak, trace.graph_eval = self.kept.peak, self.kept.evaluating

    def _forward(self, training: bool) -> None:
        self.trace.forwards += 1
        self._row["forwards"] = (self._row.get("forwards") or 0) + 1
        self._row["eval_forwards"] = (self._row.get("eval_forwards") or 0) + (not training)

    def _made(self, original: Any) -> Any:
        @functools.wraps(original)
        def __init__(optimizer: Any, *args: Any, **kwargs: Any) -> None:  # noqa: N807
            original(optimizer, *args, **kwargs)
            self._meet(optimizer)

        return __init__

    def _grown(self, original: Any) -> Any:
        @functools.wraps(original)
        def add_param_group(optimizer: Any, *args: Any, **kwargs: Any) -> None:
            original(optimizer, *args, **kwargs)
            self._meet(optimizer)

        return add_param_group

    def _meet(self, optimizer: Any) -> None:
        for param in _params(optimizer):
            if id(param) not in self._start:
                self._start[id(param)] = (param, param.detach().clone())
            self.kept.known(param)

    def _begins(self, optimizer: Any, args: Any, kwargs: Any) -> None:
        self._stepping.append(optimizer)
        if len(self._stepping) > 1:
            return
        params = _params(optimizer)
        self._meet(optimizer)
        self._before = [(p, p.detach().clone()) for p in params]
        self._row["grad_norm"] = _norm([p.grad for p in params if p.grad is not None])
        self._row["lr"] = float(optimizer.param_groups[0].get("lr", float("nan")))

    def _ended(self, optimizer: Any, args: Any, kwargs: Any) -> None:
        self._stepping.pop()
        if self._stepping:
            return
        changes = [p.detach() - before for p, before in self._before if p.shape == before.shape and not p.is_meta]
        self._row["update"] = _norm(changes)
        self._row["moved"] = sum(bool(change.any()) for change in changes)
        self._row["graph"] = self.kept.now
        self._row["scale"] = None if self._scaler is None else self._scaler.get_scale()
        for name, column in self.trace.columns.items():
            column.append(self._row.get(name))
        self._row, self._before = {}, []

    def _backward(self, original: Any) -> Any:
        @functools.wraps(original)
        def backward(tensors: Any, *args: Any, **kwargs: Any) -> None:
            self.trace.backwards += 1
            loss = tensors if isinstance(tensors, torch.Tensor) else next(iter(tensors), None)
            _, loss = self._unscaled.pop(id(loss), (None, loss))
            if isinstance(loss, torch.Tensor) and loss.numel() == 1:
                self._row["loss"] = float(loss.detach())
            original(tensors, *args, **kwargs)

        return backward

    def _clip(self, original: Any) -> Any:
        @functools.wraps(original)
        def clip(parameters: Any, *args: Any, **kwargs: Any) -> Any:
            given = _listed(parameters)
            self._row["clip_before"] = _norm([p.grad for p in given if p.grad is not None])
            result = original(given or parameters, *args, **kwargs)
            self._row["clip_after"] = _norm([p.grad for p in given if p.grad is not None])
            return result

        return clip

    def _read(self, original: Any) -> Any:
        @functools.wraps(original)
        def read(tensor: Any, *args: Any, **kwargs: Any) -> Any:
            self.trace.reads += is_users(caller_of(sys._getframe(1)).f_code)  # the tap hears such calls, too
            return original(tensor, *args, **kwargs)

        return read

    def _scales(self, original: Any) -> Any:
        @functools.wraps(original)
        def scale(scaler: Any, outputs: Any) -> Any:
            scaled = original(scaler, outputs)
            if scaler.is_enabled() and isinstance(outputs, torch.Tensor):
                self._scaler = scaler
                self._unscaled = {id(scaled): (scaled, outputs.detach())}  # the last one; both live until the next
            return scaled

        return scale

    def _updates(self, original: Any) -> Any:
        """A scale that falls says that the step was left out. (`step` itself is the tap's to look for.)"""

        @functools.wraps(original)
        def update(scaler: Any, *args: Any, **kwargs: Any) -> None:
            before = scaler.get_scale()
            original(scaler, *args, **kwargs)
            self.trace.skipped += scaler.is_enabled() and scaler.get_scale() < before

        return update


def _params(optimizer: Any) -> list[torch.Tensor]:
    held = [p for group in optimizer.param_groups for p in group["params"]]
    return list({id(p): p for p in held}.values())


def _norm(tensors: Iterable[torch.Tensor]) -> float:
    """The global L2 norm, in double precision on the way."""
    dense = (t.detach().to_dense() if t.is_sparse else t.detach() for t in tensors)
    return math.hypot(*(float(torch.linalg.vector_norm(t, dtype=torch.float64)) for t in dense))


def _listed(parameters: Any) -> list[Any]:
    if isinstance(parameters, torch.Tensor):
        return [parameters]
    if isinstance(parameters, GeneratorType):
        return list(parameters)
    return list(parameters) if isinstance(parameters, Iterable) else [parameters]
