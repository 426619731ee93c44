"""made, step and zero-grad of optimizers.

A step is heard through torch's own global step hooks, which know every optimizer class, a scaler's step and a
scheduler's wrapping of `step`. Between the two hooks a closure may run: its events come first, as it runs before the
update.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Mapping
from threading import get_ident
from types import FrameType, MappingProxyType
from typing import Any

import torch
from torch.amp.grad_scaler import GradScaler
from torch.optim.optimizer import register_optimizer_step_post_hook, register_optimizer_step_pre_hook

from glassloop.events import BACKWARD, BY, CLOSURE, HELD, MADE, NO_FACTS, SCALER, STEP, ZERO_GRAD, Ref
from glassloop.tap.ear import Ear, compiling
from glassloop.tap.patch import MISSING, Patches
from glassloop.tap.whole import whole

_WITHIN_SCALER = 8  # frames looked at between an optimizer's step and the scaler's


def hear(ear: Ear, patches: Patches) -> None:
    """Hears optimizers from now on, and those that are there already."""
    ear.meet_living_optimizers()

    def made(caller: FrameType, args: Any, kwargs: Any, _: Any) -> None:
        ref = ear.optimizer(args[0]).ref
        ear.say(MADE, constructor(caller, args[0]), ref, (ref,))

    def cleared(caller: FrameType, args: Any, kwargs: Any, _: Any) -> None:
        last = ear.last
        known = last if last is not None and last.optimizer() is args[0] else ear.optimizer(args[0])
        known.held.clean = bool(args[1] if len(args) > 1 else kwargs.get("set_to_none", True))
        sharing = known.alone if len(ear.optimizers) == 1 else ear.sharing(known)
        for ref in sharing:
            each = ear.optimizers.get(ref.serial)
            if each is not None and each.held.left:
                each.held.left = []
        ear.say(ZERO_GRAD, caller, known.ref, sharing)
        if ear.measures is not None:
            ear.measures.cleared(known.alone)

    patches.attribute(torch.optim.Optimizer, "__init__", whole(ear, made))
    patches.attribute(torch.optim.Optimizer, "zero_grad", whole(ear, cleared))
    steps = Steps(ear)
    patches.then(register_optimizer_step_pre_hook(steps.begins).remove)
    patches.then(register_optimizer_step_post_hook(steps.ended).remove)


class Steps:
    """The steps under way, the outermost first; only that one is heard.

    A step that raises runs no post-hook. Its entry is told by its frame, which is then no longer on the stack.
    """

    def __init__(self, ear: Ear) -> None:
        self._ear = ear
        self._running: list[tuple[Any, FrameType]] = []

    def begins(self, optimizer: Any, args: Any, kwargs: Any) -> None:
        """Called before the update."""
        ear, running = self._ear, self._running
        if compiling() or ear.hush or not ear.on or get_ident() != ear.thread:
            return
        if ear.before is not None:
            ear.settle()
        frame = sys._getframe(1)
        while running and not on_stack(running[-1][1], frame):
            running.pop()
        running.append((optimizer, frame))
        ear.gathered = 0  # what the update does to tensors is no hand's
        measures, first = ear.measures, ear.first
        if (measures is None and first is None) or len(running) > 1:
            return
        try:
            if measures is not None and measures.due and _closure(args, kwargs) is None:
                measures.before_step(ear.optimizer(optimizer))
            if first is not None:
                first.begins(ear.optimizer(optimizer))
        except Exception:
            ear.fault(in_hook=True)

    def ended(self, optimizer: Any, args: Any, kwargs: Any) -> None:
        """Called after the update."""
        ear, running = self._ear, self._running
        if ear.thread != get_ident():
            ear.move()  # from the next call on: of this step the beginning was missed
            return
        if not running or running[-1][0] is not optimizer or ear.hush or not ear.on or compiling():
            return
        try:
            self._ended(optimizer, args, kwargs, running.pop()[1])
        except Exception:
            ear.fault(in_hook=True)

    def _ended(self, optimizer: Any, args: Any, kwargs: Any, frame: FrameType) -> None:
        ear, running = self._ear, self._running
        if running:  # an optimizer that steps inside another's step is what that one wraps
            self._wraps(running[-1][0], optimizer)
            return
        ear.stepped += 1
        last = ear.last
        known = last if last is not None and last.optimizer() is optimizer else ear.optimizer(optimizer)
        closure = _closure(args, kwargs) if kwargs or len(args) > 1 else None
        if closure is not None and _without_backward(closure):
            return
        ref = known.ref
        if ear.deep:  # a hook steps inside the backward: for this optimizer the backward is over
            ear.say(BACKWARD, frame, None, known.alone)
        inside = closure is not None and ear.gathered > 0  # Lightning hands over a closure that does nothing, too
        ear.gathered = 0
        by = self._scaler(frame) if ear.scales else None
        facts = _facts(inside, by) if inside or by is not None else NO_FACTS
        event = ear.say(STEP, frame, ref, known.alone if len(ear.optimizers) == 1 else ear.sharing(known), facts)
        if ear.kept.on:
            held = ear.kept.stepped(ear.rounds.places)
            if held is not None:
                ear.say_at(HELD, held[0], None, None, held[1])
        if ear.measures is not None:
            if closure is not None:  # its gradients were made within the step
                ear.measures.before_step(known)
            ear.measures.stepped(known, event.at)
        if ear.first is not None:
            ear.first.ended(known, closure is not None)
        course = known.course
        course.steps += 1
        if course.steps >= course.look - 1:
            ear.census.step(known, event.at)

    def _scaler(self, frame: FrameType | None) -> Ref | None:
        """The enabled scaler whose step this step is part of."""
        for _ in range(_WITHIN_SCALER):
            if frame is None:
                return None
            if frame.f_code.co_name == "step":  # not by its code: somebody may have wrapped GradScaler.step
                scaler = frame.f_locals.get("self")
                if isinstance(scaler, GradScaler) and scaler.is_enabled():
                    return self._ear.names.ref(scaler, SCALER)
            frame = frame.f_back
        return None

    def _wraps(self, outer: Any, inner: Any) -> None:
        """One Ref for both where they share their parameter groups."""
        if outer.param_groups is not inner.param_groups:
            return
        ref = self._ear.optimizer(outer).ref
        if self._ear.names.known(inner) != ref:
            self._ear.optimizers.pop(self._ear.optimizer(inner).ref.serial, None)
            self._ear.last = None
            self._ear.names.share(inner, ref)


@functools.cache
def _facts(closure: bool, by: Ref | None) -> Mapping[str, object]:
    facts: dict[str, object] = {CLOSURE: True} if closure else {}
    return MappingProxyType(facts | ({} if by is None else {BY: by}))


def _closure(args: Any, kwargs: Any) -> Any:
    """The closure that a step was given, or None; `args` begins with the optimizer itself."""
    return kwargs.get("closure") or (args[1] if len(args) > 1 and callable(args[1]) else None)


def _without_backward(closure: Any) -> bool:
    """Whether Lightning runs a pass for batch norm's averages alone: nobody forgot a backward, nothing is to be updated."""
    return any(getattr(part, "_backward_fn", MISSING) is None for part in getattr(closure, "args", ()))


def on_stack(frame: FrameType, top: FrameType | None) -> bool:
    """Whether `frame` is `top` or one of those that called it."""
    while top is not None and top is not frame:
        top = top.f_back
    return top is frame


def constructor(frame: FrameType, made: Any) -> FrameType:
    """The frame that called the constructor of `made`: `__init__`s of its own subclasses are passed over."""
    while frame.f_code.co_name == "__init__" and frame.f_code.co_varnames and frame.f_back is not None:
        if frame.f_locals.get(frame.f_code.co_varnames[0]) is not made:
            return frame
        frame = frame.f_back
    return frame
