"""made, scale, unscale and scaler-update. A scaler that is not enabled is no scaler, and is not heard."""

from __future__ import annotations

import functools
import sys
from typing import Any

import torch
from torch.amp.grad_scaler import GradScaler

from glassloop.events import MADE, SCALE, SCALER, SCALER_UPDATE, UNSCALE
from glassloop.tap.ear import Ear
from glassloop.tap.optimizers import constructor
from glassloop.tap.patch import Patches

MARK = "glassloop.scaled"
LOOK_BACK = 64  # autograd nodes looked at between a loss and the scaling it may come out of


def hear(ear: Ear, patches: Patches) -> Scaled:
    """Hears scalers from now on; gives the memory of scaled losses, which `backward` asks."""
    scaled = Scaled()
    patches.attribute(GradScaler, "__init__", functools.partial(_init, ear))
    patches.attribute(GradScaler, "scale", functools.partial(_scale, ear, scaled))
    patches.attribute(GradScaler, "unscale_", functools.partial(_unscale, ear))
    patches.attribute(GradScaler, "update", functools.partial(_update, ear))
    return scaled


class Scaled:
    """Which losses came out of a scaler: the autograd node that scaled one carries a mark, and goes with its graph."""

    def __init__(self) -> None:
        self.any = False

    def remember(self, outputs: Any) -> None:
        """Marks the node that scaled `outputs`."""
        self.any = True
        for output in [outputs] if isinstance(outputs, torch.Tensor) else list(outputs):
            node = getattr(output, "grad_fn", None)
            if node is not None:
                node.metadata[MARK] = True

    def made(self, loss: torch.Tensor) -> bool | None:
        """Whether `loss` came out of a scaler; None where the graph between is too large to look through."""
        if not self.any:
            return False
        nodes = [loss.grad_fn] if loss.grad_fn is not None else []
        for node in nodes:
            if MARK in node.metadata:
                return True
            if len(nodes) > LOOK_BACK:
                return None
            nodes.extend(before for before, _ in node.next_functions if before is not None)
        return False


def _init(ear: Ear, original: Any) -> Any:
    @functools.wraps(original)
    def init(self: Any, *args: Any, **kwargs: Any) -> None:
        original(self, *args, **kwargs)
        if self._enabled and ear.hears():
            ear.say(MADE, constructor(sys._getframe(1), self), ear.names.ref(self, SCALER))

    return init


def _scale(ear: Ear, scaled: Scaled, original: Any) -> Any:
    @functools.wraps(original)
    def scale(self: Any, outputs: Any) -> Any:
        result = original(self, outputs)
        if self._enabled and ear.hears():
            scaled.remember(result)
            ear.say(SCALE, sys._getframe(1), ear.names.ref(self, SCALER))
        return result

    return scale


def _unscale(ear: Ear, original: Any) -> Any:
    @functools.wraps(original)
    def unscale_(self: Any, optimizer: Any) -> None:
        original(self, optimizer)
        caller = sys._getframe(1)
        inside_step = caller.f_code is GradScaler.step.__code__  # the scaler's own, at its step: no call of the user's
        if self._enabled and not inside_step and ear.hears():
            ear.say(UNSCALE, caller, ear.names.ref(self, SCALER), (ear.optimizer(optimizer).ref,))

    return unscale_


def _update(ear: Ear, original: Any) -> Any:
    @functools.wraps(original)
    def update(self: Any, new_scale: Any = None) -> None:
        original(self, new_scale)
        if self._enabled and ear.hears():
            ear.say(SCALER_UPDATE, sys._getframe(1), ear.names.ref(self, SCALER))

    return update
