"""made, scale, unscale and scaler-update. A scaler that is not enabled is no scaler, and is not heard."""

from __future__ import annotations

import functools
import sys
from types import FrameType
from typing import Any

import torch
from torch.amp.grad_scaler import GradScaler

from glassloop.events import MADE, OPAQUE, SCALE, SCALER, SCALER_UPDATE, UNSCALE
from glassloop.tap.ear import Ear
from glassloop.tap.means import MARK
from glassloop.tap.optimizers import constructor
from glassloop.tap.patch import Patches
from glassloop.tap.whole import whole

_STEP = GradScaler.step.__code__
LOOK_BACK = 64  # autograd nodes looked at between a loss and the scaling it may come out of


def hear(ear: Ear, patches: Patches) -> Scaled:
    """Hears scalers from now on; gives the memory of scaled losses, which `backward` asks."""
    scaled = Scaled()

    def made(caller: FrameType, args: Any, kwargs: Any, _: Any) -> None:
        if args[0].is_enabled():
            ear.say(MADE, constructor(caller, args[0]), ear.names.ref(args[0], SCALER))

    def scales(caller: FrameType, args: Any, kwargs: Any, outputs: Any) -> None:
        if args[0].is_enabled():
            ear.scales = True
            scaled.remember(outputs)
            ear.say(SCALE, caller, ear.names.ref(args[0], SCALER))

    def unscales(caller: FrameType, args: Any, kwargs: Any, _: Any) -> None:
        within_step = caller.f_code is _STEP  # what the scaler does by itself is no call of the user's
        if args[0].is_enabled() and not within_step:
            optimizer = args[1] if len(args) > 1 else kwargs["optimizer"]
            ear.say(UNSCALE, caller, ear.names.ref(args[0], SCALER), (ear.optimizer(optimizer).ref,))

    def updates(caller: FrameType, args: Any, kwargs: Any, _: Any) -> None:
        if args[0].is_enabled():
            event = ear.say(SCALER_UPDATE, caller, ear.names.ref(args[0], SCALER))
            if ear.measures is not None and event.what is not None:
                ear.measures.updated(event.what, args[0], event.at)

    for name, after in (("__init__", made), ("scale", scales), ("unscale_", unscales), ("update", updates)):
        patches.attribute(GradScaler, name, whole(ear, after))
    patches.attribute(GradScaler, "step", functools.partial(_step, ear))
    return scaled


def _step(ear: Ear, original: Any) -> Any:
    """A step that the scaler skips is heard as `opaque`: what follows (a clearing, another backward) is no mistake."""

    @functools.wraps(original)
    def step(self: Any, optimizer: Any, *args: Any, **kwargs: Any) -> Any:
        before, ear.scales = ear.stepped, True
        result = original(self, optimizer, *args, **kwargs)
        if ear.stepped == before and ear.hears() and self.is_enabled():
            try:
                ear.say(OPAQUE, sys._getframe(1), None, (ear.optimizer(optimizer).ref,))
            except Exception:
                ear.fault()
        return result

    return step


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
        nodes: list[Any] = [loss.grad_fn] if loss.grad_fn is not None else []
        for node in nodes:
            if MARK in node.metadata:
                return True
            if len(nodes) > LOOK_BACK:
                return None
            nodes.extend(before for before, _ in node.next_functions if before is not None)
        return False
