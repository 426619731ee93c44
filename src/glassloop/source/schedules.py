"""Learning-rate schedules: what their length is counted in, as far as the text tells."""

from __future__ import annotations

import ast
from collections.abc import Hashable

from glassloop import events
from glassloop.events import SCHEDULER
from glassloop.source.player import Player
from glassloop.source.values import Const, External, Optimizer, Scheduler, Scope, Seq, Unknown, Value

# Which argument is the length: its name, and its position after the optimizer.
LENGTHS = {
    "CosineAnnealingLR": ("T_max", 1),
    "StepLR": ("step_size", 1),
    "MultiStepLR": ("milestones", 1),
    "PolynomialLR": ("total_iters", 1),
    "LinearLR": ("total_iters", 3),
    "ConstantLR": ("total_iters", 2),
    "CosineAnnealingWarmRestarts": ("T_0", 1),
    "OneCycleLR": ("total_steps", 2),
}


def is_scheduler(path: str) -> bool:
    """A name of torch.optim.lr_scheduler, or a function of another library that makes one."""
    last = path.rsplit(".", 1)[-1]
    if "lr_scheduler." in path:
        return last[:1].isupper() or last.startswith("get_")
    return path.startswith(("transformers.get_", "transformers.optimization.get_", "diffusers.optimization.get_"))


def make_scheduler(
    p: Player, path: str, args: list[Value], kwargs: dict[str, Value], at: tuple[ast.AST, Scope]
) -> Scheduler:
    """A schedule, said with the unit of its length where that can be known."""
    label = path.rsplit(".", 1)[-1]
    given = args[0] if args else kwargs.get("optimizer")
    optimizer = given if isinstance(given, Optimizer) else None
    if isinstance(given, Seq) and given.items and isinstance(given.items[0], Scheduler):
        optimizer = given.items[0].optimizer
    name, position = LENGTHS.get(label, ("", 0))
    length = kwargs.get(name) or (args[position] if 0 < position < len(args) else None)
    counts = _sources(length)
    if label in ("CosineAnnealingLR", "PolynomialLR") and isinstance(length, Const):
        # A whole schedule as long as the loop around the batches is laid out for that loop, by whatever name.
        counts |= {("count", length.value)}
    made = Scheduler(p.ref(SCHEDULER, label), optimizer, counts, depth=len(p.loops))
    made.unit = _unit(p, label, counts)
    facts: dict[str, object] = {} if made.unit not in ("epochs", "evaluations") else {"unit": "epochs"}
    if made.unit == "steps":
        facts["unit"] = "steps"
    if isinstance(length, Const) and isinstance(length.value, int):
        facts["length"] = length.value
    if "last_epoch" in kwargs:
        facts[events.PLACED] = True
    p.say(events.MADE, at, made.ref, (optimizer.ref,) if optimizer is not None else None, **facts)
    return made


def _sources(length: Value | None) -> frozenset[Hashable]:
    if isinstance(length, Seq):
        return frozenset().union(*(_sources(i) for i in length.items))
    if isinstance(length, Const):
        return length.source
    if isinstance(length, External):
        return frozenset({("external", length.path)})
    return length.source | {length.key} if isinstance(length, Unknown) else frozenset()


def _unit(p: Player, label: str, counts: frozenset[Hashable]) -> str | None:
    if label == "ReduceLROnPlateau":
        return "evaluations"
    if label == "OneCycleLR":
        return "steps"
    if any(isinstance(c, tuple) and c and c[0] == "len" for c in counts):
        return "steps"
    # A number that bounds a loop over passes counts epochs; which number does is known once the loops have been played.
    return "epochs" if counts & p.program.epoch_counts else None
