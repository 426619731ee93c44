"""made and schedule of learning-rate schedulers.

Schedulers step themselves in their constructors and step their children; some classes override `step` without calling
the base. So every class's own `step` and `__init__` is listened to, and only the outermost call is heard. A library that
asks for `get_lr` and sets the rates itself (Ignite's LRScheduler does) steps the schedule unheard: opaque.
"""

from __future__ import annotations

from types import FrameType
from typing import Any

from torch.optim.lr_scheduler import LRScheduler, ReduceLROnPlateau

from glassloop.events import LENGTH, MADE, NO_FACTS, OPAQUE, PLACED, SCHEDULE, SCHEDULER, Ref
from glassloop.tap.ear import Ear, subclasses
from glassloop.tap.optimizers import constructor
from glassloop.tap.patch import Patches
from glassloop.tap.place import is_users
from glassloop.tap.whole import whole

TOLD = {PLACED: True}  # one object for all: the ear knows events by it


def hear(ear: Ear, patches: Patches) -> None:
    """Hears every scheduler class there is, and those that are defined later."""

    def made(caller: FrameType, args: Any, kwargs: Any, _: Any) -> None:
        ref = ear.names.ref(args[0], SCHEDULER)
        ear.say(MADE, constructor(caller, args[0]), ref, _of(ear, args[0], parts=True), _facts(args[0]))

    def stepped(caller: FrameType, args: Any, kwargs: Any, _: Any) -> None:
        ear.pass_over()
        told = args[1] if len(args) > 1 else kwargs.get("epoch")
        placed = told is not None and not isinstance(args[0], ReduceLROnPlateau)
        ear.say(SCHEDULE, caller, ear.names.ref(args[0], SCHEDULER), _of(ear, args[0]), TOLD if placed else NO_FACTS)

    def asked(caller: FrameType, args: Any, kwargs: Any, _: Any) -> None:
        if not is_users(caller.f_code):  # a person looks at it
            ear.say(OPAQUE, caller, None, (ear.names.ref(args[0], SCHEDULER),))

    def hear_class(cls: type) -> None:
        if "__init__" in vars(cls):
            patches.attribute(cls, "__init__", whole(ear, made))
        if "step" in vars(cls):
            patches.attribute(cls, "step", whole(ear, stepped))
        if "get_lr" in vars(cls):
            patches.attribute(cls, "get_lr", whole(ear, asked))

    def init_subclass(cls: Any, /, **kwargs: Any) -> None:
        super(LRScheduler, cls).__init_subclass__(**kwargs)
        try:
            if ear.on:
                hear_class(cls)
        except Exception:
            ear.fault()

    for cls in subclasses(LRScheduler):
        hear_class(cls)
    patches.attribute(LRScheduler, "__init_subclass__", lambda _: classmethod(init_subclass))


def _of(ear: Ear, scheduler: Any, parts: bool = False) -> tuple[Ref, ...] | None:
    """Its optimizer, and with `parts` the schedulers that it is made of."""
    optimizer = getattr(scheduler, "optimizer", None)
    inner = [ear.names.ref(s, SCHEDULER) for s in getattr(scheduler, "_schedulers", ())] if parts else []
    return None if optimizer is None else (ear.optimizer(optimizer).ref, *inner)


def _facts(scheduler: Any) -> dict[str, object]:
    """How many calls a schedule is laid out for, where its class says so. What they count, only the text knows."""
    for name in ("total_steps", "T_max", "total_iters"):
        length = getattr(scheduler, name, None)
        if isinstance(length, int):
            return {LENGTH: length}
    return {}
