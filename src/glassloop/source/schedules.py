"""Learning-rate schedules: what their length is counted in, as far as the text tells."""

from __future__ import annotations

import ast
from collections.abc import Hashable

from glassloop import events
from glassloop.events import SCHEDULER
from glassloop.source.arithmetic import MIXED
from glassloop.source.player import Player
from glassloop.source.values import NONE, Const, External, Optimizer, Scheduler, Scope, Seq, Unknown, Value

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
    "CyclicLR": ("step_size_up", 3),
    "get_linear_schedule_with_warmup": ("num_training_steps", 2),
    "get_cosine_schedule_with_warmup": ("num_training_steps", 2),
    "get_polynomial_decay_schedule_with_warmup": ("num_training_steps", 2),
    "get_cosine_with_hard_restarts_schedule_with_warmup": ("num_training_steps", 2),
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
    given = next((a for a in args if isinstance(a, Optimizer)), args[0] if args else None)
    given = kwargs.get("optimizer", given)
    optimizer = given if isinstance(given, Optimizer) else None
    if isinstance(given, Seq) and given.items and isinstance(given.items[0], Scheduler):
        optimizer = given.items[0].optimizer
    length = _length(label, args, kwargs)
    counts = _sources(length)
    if label in ("CosineAnnealingLR", "PolynomialLR") and isinstance(length, Const):
        # A whole schedule as long as the loop around the batches is laid out for that loop, by whatever name.
        counts |= {("count", length.value)}
    told = _told_by_size(p, label, length, args, kwargs)
    counts |= told
    inner = _parts([*args, *kwargs.values()])
    units = {part.unit for part in inner if part.unit is not None}
    if len(units) == 1:
        counts |= frozenset[Hashable]().union(*(part.counts for part in inner))
    made = Scheduler(p.ref(SCHEDULER, label), optimizer, counts, depth=len(p.loops))
    made.unit = "epochs" if told else units.pop() if len(units) == 1 else _unit(p, label, counts)
    facts: dict[str, object] = {} if made.unit not in ("epochs", "evaluations") else {"unit": "epochs"}
    if made.unit == "steps":
        facts["unit"] = "steps"
    if isinstance(length, Const) and isinstance(length.value, int):
        facts["length"] = length.value
    if "last_epoch" in kwargs:
        facts[events.PLACED] = True
    parts = [part.ref for part in inner]
    p.say(events.MADE, at, made.ref, (optimizer.ref, *parts) if optimizer is not None else None, **facts)
    return made


def _sources(length: Value | None) -> frozenset[Hashable]:
    if isinstance(length, Seq):
        return frozenset().union(*(_sources(i) for i in length.items))
    if isinstance(length, Const):
        return length.source
    if isinstance(length, External):
        return frozenset({("external", length.path)})
    return length.source | {length.key} if isinstance(length, Unknown) else frozenset()


def _length(label: str, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    """The argument that says how long a schedule is; of epochs and steps an epoch, the latter."""
    name, position = LENGTHS.get(label, ("", 0))
    length = _argument(name, position, args, kwargs)
    if label == "OneCycleLR" and (length is None or (isinstance(length, Const) and length.value is None)):
        return _argument("steps_per_epoch", 4, args, kwargs)
    return length


def _argument(name: str, position: int, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    return kwargs.get(name) or (args[position] if 0 < position < len(args) else None)


def _parts(given: list[Value]) -> list[Scheduler]:
    """Schedulers that another one is made of: it steps them."""
    found: list[Scheduler] = []
    for v in given:
        found.extend(i for i in (v.items if isinstance(v, Seq) else [v]) if isinstance(i, Scheduler))
    return found


def _unit(p: Player, label: str, counts: frozenset[Hashable]) -> str | None:
    if label == "ReduceLROnPlateau":
        return "evaluations"
    # A number that bounds a loop over passes counts epochs; which number does is known once the loops have been played.
    outer = counts & p.program.epoch_counts
    inner = counts & (p.program.step_counts - p.program.epoch_counts)
    if inner or any(isinstance(c, tuple) and c and c[0] == "len" for c in counts):
        return "steps"
    return "epochs" if outer and MIXED not in counts else None


DEAD = 1e-4  # of the first rate: so little is left of it at the end that nothing was trained
PLAIN = 1e-9


def _told_by_size(
    p: Player, label: str, length: Value | None, args: list[Value], kwargs: dict[str, Value]
) -> frozenset[Hashable]:
    """The count of epochs that a decay given in plain numbers is laid out for, where one of steps would be absurd.

    `StepLR(step_size=30, gamma=0.1)` beside `range(90)`: once an epoch it decays three times; once a batch, with as few as
    two batches an epoch, it would have left a millionth of the rate.
    """
    if label not in ("StepLR", "MultiStepLR", "ExponentialLR"):
        return frozenset()
    given = _argument("gamma", 1 if label == "ExponentialLR" else 2, args, kwargs) or Const(0.1)
    gamma = given.value if isinstance(given, Const) else None
    if not isinstance(gamma, (int, float)) or not 0 < gamma < 1:
        return frozenset()
    for count in p.program.epoch_counts:
        if not (isinstance(count, tuple) and count[0] == "count" and isinstance(count[1], int)):
            continue
        epochs = count[1]
        if label == "MultiStepLR":
            last = max(_numbers(length), default=0)
            fits = epochs / 3 <= last <= epochs
        else:
            size = next(iter(_numbers(length)), 1 if label == "ExponentialLR" else 0)
            fits = size > 0 and gamma ** (2 * epochs // size) < DEAD and gamma ** (epochs // size) > PLAIN
        if fits:
            return frozenset({count})
    return frozenset()


def _numbers(v: Value | None) -> list[int]:
    held = v.items if isinstance(v, Seq) and v.exact else [v]
    numbers = [i.value for i in held if isinstance(i, Const) and isinstance(i.value, int)]
    return numbers if len(numbers) == len(held) else []


def step_scheduler(
    p: Player, s: Scheduler, name: str, args: list[Value], kwargs: dict[str, Value], at: tuple[ast.AST, Scope]
) -> Value:
    """scheduler.step(): said with the turn of the loop that counts what its length counts."""
    of = (s.optimizer.ref,) if s.optimizer is not None else None
    facts: dict[str, object] = {}
    told = args[0] if args else kwargs.get("epoch", NONE)
    if s.unit != "evaluations" and not (isinstance(told, Const) and told.value is None):
        facts[events.PLACED] = True
    for depth, entry in enumerate(p.loops):
        counts = not entry[0].isdisjoint(s.counts) and s.unit == "epochs"
        # A plateau counts what the loop around the loop over the data turns through.
        plateau = s.unit == "evaluations" and depth == s.depth and any(e[2] for e in p.loops[depth + 1 :])
        if counts or plateau:
            facts["turn"] = (depth, entry[1])
            if len(entry) > 4:  # a `for`: a run can look where it stands
                facts["loop"] = entry[4]
            break
    if s.unit == "steps" and s.optimizer is not None:
        facts[events.ROUND] = _round(p, s.optimizer)
    p.say(events.SCHEDULE, at, s.ref, of, **facts)
    return NONE


def _round(p: Player, optimizer: Optimizer) -> int:
    """How many steps an optimizer has taken in this turn of the innermost loop; in none, since the program began."""
    if not p.loops:
        return sum(o is optimizer for o, _ in p.steps)
    inner, turn = p.loops[-1], p.loops[-1][1]
    return sum(o is optimizer and any(e is inner and t == turn for e, t in around) for o, around in p.steps)
