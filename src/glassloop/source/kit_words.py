"""What the functions of our own kit do, for the loops that stand on it. Whatever is not named here leaves models,
gradients, modes and schedules as they were.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from itertools import islice

from glassloop import events
from glassloop.events import SCHEDULER
from glassloop.source.builtin import fresh
from glassloop.source.loops import iterate
from glassloop.source.player import Player
from glassloop.source.values import NONE, Const, Instance, Loader, Optimizer, Scheduler, Scope, Seq, Stream, Unknown, Value

At = tuple[ast.AST, Scope]
Args = list[Value]


def kit_call(p: Player, path: str, args: Args, kwargs: dict[str, Value], at: At) -> Value:
    """A call of `glassloop.kit.…`."""
    handler = KIT.get(path)
    return handler(p, args, at) if handler is not None else fresh(at)


def _make_loader(p: Player, args: Args, at: At) -> Value:
    made = Loader(p.ref(events.LOADER, "DataLoader"), None, dataset=args[0] if args else None)
    p.say(events.MADE, at, made.ref)
    return made


def _windows(p: Player, args: Args, at: At) -> Value:
    """A window of k batches is played as one of two, as everywhere; one of one batch stays that."""
    size = 1 if len(args) > 1 and isinstance(args[1], Const) and args[1].value == 1 else 2

    def windows() -> Iterator[Value]:
        batches = iterate(p, args[0], at, 2 * size)
        while window := list(islice(batches, size)):
            yield Seq(window)

    return Stream(windows()) if args else NONE


def _counted(p: Player, args: Args, at: At) -> Value:
    """Each batch behind the number of its items."""
    return Stream(Seq([fresh(at), batch]) for batch in iterate(p, args[0], at, 4)) if args else NONE


def _same(p: Player, args: Args, at: At) -> Value:
    """The model, under DDP where there are several processes: what it computes stays the same."""
    return args[0] if args else NONE


def _to_device(p: Player, args: Args, at: At) -> Value:
    p.remark("moved")
    return args[0] if args else NONE


def _make_schedule(p: Player, args: Args, at: At) -> Value:
    optimizer = args[0] if args and isinstance(args[0], Optimizer) else None
    made = Scheduler(p.ref(SCHEDULER, "LRScheduler"), optimizer)
    p.say(events.MADE, at, made.ref, (optimizer.ref,) if optimizer is not None else None)
    return Instance(None, {"scheduler": made, "per_step": Unknown(("per step", made.ref))})


def _save(p: Player, args: Args, at: At) -> Value:
    p.say(events.SAVE, at, None, ())
    return NONE


def _load(p: Player, args: Args, at: At) -> Value:
    p.say(events.LOAD, at, None, ())
    return fresh(at)


KIT: dict[str, Callable[[Player, Args, At], Value]] = {
    "glassloop.kit.data.make_loader": _make_loader,
    "glassloop.kit.data.counted": _counted,
    "glassloop.kit.data.windows": _windows,
    "glassloop.kit.data.to_device": _to_device,
    "glassloop.kit.distributed.wrap": _same,
    "glassloop.kit.schedule.make_schedule": _make_schedule,
    "glassloop.kit.checkpoint.save": _save,
    "glassloop.kit.checkpoint.load_newest": _load,
}
__all__ = ["kit_call"]
