"""made and schedule of learning-rate schedulers.

Schedulers step themselves in their constructors and step their children; some classes override `step` without calling
the base. So every class's own `step` and `__init__` is listened to, and only the outermost call is heard.
"""

from __future__ import annotations

import functools
import sys
from typing import Any

from torch.optim import lr_scheduler

from glassloop.events import LENGTH, MADE, SCHEDULE, SCHEDULER, Ref
from glassloop.tap.ear import Ear, subclasses
from glassloop.tap.optimizers import constructor
from glassloop.tap.patch import Patches


def hear(ear: Ear, patches: Patches) -> None:
    """Hears every scheduler class there is, and those that are defined later."""
    base = lr_scheduler.LRScheduler
    for cls in subclasses(base):
        _hear_class(ear, patches, cls)

    def subclass_hook(original: Any) -> classmethod[Any, Any, None]:
        def init_subclass(cls: type, **kwargs: Any) -> None:
            original.__func__(cls, **kwargs) if hasattr(original, "__func__") else original(**kwargs)
            if ear.on:
                _hear_class(ear, patches, cls)

        return classmethod(init_subclass)

    patches.attribute(base, "__init_subclass__", subclass_hook)


def _hear_class(ear: Ear, patches: Patches, cls: type) -> None:
    if "__init__" in vars(cls):
        patches.attribute(cls, "__init__", functools.partial(_init, ear))
    if "step" in vars(cls):
        patches.attribute(cls, "step", functools.partial(_step, ear))


def _init(ear: Ear, original: Any) -> Any:
    @functools.wraps(original)
    def init(self: Any, *args: Any, **kwargs: Any) -> None:
        if not ear.hears():
            return original(self, *args, **kwargs)  # type: ignore[no-any-return]
        ear.hush += 1
        try:
            original(self, *args, **kwargs)
        finally:
            ear.hush -= 1
        ref = ear.names.ref(self, SCHEDULER)
        ear.say(MADE, constructor(sys._getframe(1), self), ref, _of(ear, self), _facts(self))

    return init


def _step(ear: Ear, original: Any) -> Any:
    @functools.wraps(original)
    def step(self: Any, *args: Any, **kwargs: Any) -> None:
        if not ear.hears():
            return original(self, *args, **kwargs)  # type: ignore[no-any-return]
        ear.hush += 1
        try:
            original(self, *args, **kwargs)
        finally:
            ear.hush -= 1
        ref = ear.names.known(self) or ear.names.ref(self, SCHEDULER)
        ear.say(SCHEDULE, sys._getframe(1), ref, _of(ear, self))

    return step


def _of(ear: Ear, scheduler: Any) -> tuple[Ref, ...] | None:
    optimizer = getattr(scheduler, "optimizer", None)
    return None if optimizer is None else (ear.optimizer(optimizer).ref,)


def _facts(scheduler: Any) -> dict[str, object]:
    """How many calls a schedule is laid out for, where its class says so. What they count, only the text knows."""
    for name in ("total_steps", "T_max", "total_iters"):
        length = getattr(scheduler, name, None)
        if isinstance(length, int):
            return {LENGTH: length}
    return {}
