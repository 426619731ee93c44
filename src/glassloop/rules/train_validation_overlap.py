"""Validation on samples that were trained on."""

from __future__ import annotations

from typing import NamedTuple

from glassloop.events import END, LOADER, MADE, PASS_END, PROGRAM, SHARED, Event, Place, Ref, Shared
from glassloop.experiments import Case, Experiment, Instead, Verdict
from glassloop.findings import Severity, Story
from glassloop.rules import Card
from glassloop.rules._lessons import LESSONS, LOADERS, Lessons, follow, measures, teachers

CARD = Card(
    what="The same sample is in the training and the validation data.",
    why="A model is measured on what it was fitted to: the metric says how well it remembers, and grows with overfitting, "
    "where it should fall. Early stopping and the choice of a model then go by a wrong number.",
    intended="A pass over the training data that only measures is not reported where there is other data to validate on, "
    "and neither is the training loader itself, read again. A few equal samples in data that repeats itself by nature "
    "are said as information.",
    fix="Split once, by index and before anything is copied or augmented, and build both loaders from the two parts.",
    severity=Severity.ERROR,
    only_run=True,
)

BAD = """\
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
rows = torch.randn(24, 3)
loader = DataLoader(TensorDataset(rows[:18]), batch_size=6, shuffle=True)
held_out = DataLoader(TensorDataset(rows[12:]), batch_size=6)  # expect: train-validation-overlap
model = nn.Linear(3, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for epoch in range(2):
    for (x,) in loader:
        optimizer.zero_grad()
        nn.functional.mse_loss(model(x), x.sum(1, keepdim=True)).backward()
        optimizer.step()
    with torch.no_grad():
        total = sum(nn.functional.mse_loss(model(x), x.sum(1, keepdim=True), reduction="sum").item() for (x,) in held_out)
"""

GOOD = BAD.replace("rows[12:]", "rows[18:]").replace("  # expect: train-validation-overlap", "")

EXPERIMENT = Experiment(
    loop="digits",
    mistake=(
        Instead(
            "held_out = TensorDataset(images[order[600:]], labels[order[600:]])",
            "held_out = TensorDataset(images[order[:900]], labels[order[:900]])",
        ),
    ),
    cases=(
        Case(
            "600 of 900 scans were trained on, 60 epochs",
            Verdict.SILENT,
            lambda right, wrong: (
                wrong["weights"] == right["weights"]
                and wrong["val_accuracy"] > right["val_accuracy"] + 0.01
                and wrong["val_loss"] < 0.7 * right["val_loss"]
            ),
            "The same weights are {wrong[val_accuracy]:.3f} accurate, and {right[val_accuracy]:.3f} on scans that they have "
            "never seen; the loss is {wrong[val_loss]:.3f} instead of {right[val_loss]:.3f}.",
            {"EPOCHS": "60"},
        ),
        Case(
            "no other data: the training set measured alone, 60 epochs",
            Verdict.SILENT,
            lambda right, wrong: wrong["val_accuracy"] > 0.99 and wrong["val_loss"] < 0.3 * right["val_loss"],
            "An accuracy of {wrong[val_accuracy]:.3f} and a loss of {wrong[val_loss]:.4f}; on unseen scans "
            "{right[val_accuracy]:.3f} and {right[val_loss]:.3f}.",
            {"EPOCHS": "60"},
            mistake=(
                Instead(
                    "held_out = TensorDataset(images[order[600:]], labels[order[600:]])",
                    "held_out = TensorDataset(images[order[:600]], labels[order[:600]])",
                ),
            ),
        ),
    ),
)

KEY = PROGRAM
HEARS = LESSONS | {MADE, END}

LEAST, SHARE = 3, 0.05  # equal samples, and their share, from which on they are no chance
TOY, SMALL = 32, 64  # samples of a demonstration; samples of a few small numbers that may be all there are
WHOLE = 0.98  # a share that is all, but for what was not looked at


class Inside(NamedTuple):
    """A validation on all that was trained on, or part of it: said at the end, if nothing else was measured as often."""

    loader: Ref
    at: Place
    found: Shared
    ahead: int  # how many more passes were made over it than over others: -2 to 2


class State(NamedTuple):
    """`made`: loaders, and where. `clean`: something was measured on other data. `said`: nothing more about these."""

    lessons: Lessons = Lessons()
    made: tuple[tuple[Ref, Place], ...] = ()
    clean: bool = False
    inside: tuple[Inside, ...] = ()
    said: frozenset[Ref] = frozenset()


def initial(me: Ref) -> State:
    """Nothing was handed over."""
    return State()


def hear(state: State, event: Event) -> tuple[State, tuple[Story, ...]]:
    """A pass that measures a model, over samples of a pass that has trained it, is the mistake."""
    if event.kind == END:
        return state, tuple(_story(state, i.loader, i.at, i.found) for i in state.inside if _alone(state, i))
    if event.kind == MADE:
        loader = event.what if event.what is not None and event.what.role == LOADER else None
        return (state if loader is None else state._replace(made=(*state.made[-LOADERS:], (loader, event.at)))), ()
    before = state.lessons
    state = state._replace(lessons=follow(before, event))
    if event.kind != PASS_END or event.what is None or not measures(before, event.what):
        return state, ()
    trained, shared = teachers(before), event.facts.get(SHARED, ())
    found = [s for s in shared if s.other in trained]  # type: ignore[attr-defined]
    return _measured(state, event.what, event.at, max(found, key=lambda s: s.number / max(s.of, 1), default=None))


def _measured(state: State, loader: Ref, at: Place, found: Shared | None) -> tuple[State, tuple[Story, ...]]:
    """After a pass that measured, over samples of which `found` were trained on."""
    if found is None:
        less = tuple(i._replace(ahead=max(i.ahead - 1, -2)) for i in state.inside)
        return state._replace(clean=True, inside=less, said=state.said | {loader}), ()  # what comes later was measured first
    if loader in state.said:
        return state, ()
    if _few(found):
        rare = () if found.repeated > SHARE else (_rare(state, loader, at, found),)  # else all know that it repeats itself
        return state._replace(clean=True, said=state.said | {loader}), rare
    if found.whole and found.number < WHOLE * min(found.of, found.among):  # neither lies in the other
        return state._replace(said=state.said | {loader}), (_story(state, loader, at, found),)
    ahead = next((i.ahead for i in state.inside if i.loader == loader), 0)
    others = tuple(i for i in state.inside if i.loader != loader)
    return state._replace(inside=(*others, Inside(loader, at, found, min(ahead + 1, 2)))), ()


def _few(found: Shared) -> bool:
    """Whether so many samples may be equal by chance."""
    if found.exact:
        return False
    chance = 0 if found.telling else 3 * found.repeated * found.of + 3
    return found.number < max(LEAST, SHARE * found.of, chance)


def _alone(state: State, inside: Inside) -> bool:
    """Whether the model is measured on trained samples in the first place."""
    found = inside.found
    whole = found.number >= WHOLE * found.among
    if (whole and found.of <= TOY) or (not found.telling and found.of <= SMALL):
        return False
    return not (state.clean or state.lessons.loose) or (not whole and inside.ahead > 0)


def _story(state: State, loader: Ref, at: Place, found: Shared) -> Story:
    how = "items of the same data" if found.exact else "equal to them byte for byte"
    says = (
        f"{_count(found)} that the loader made here hands over for validation at {{pass_}} are training samples of the "
        f"loader made at {{trained}}, too ({how}; {_which(found)}); split before both are built"
    )
    return Story(says, _scenes(state, loader, at, found), facts=_numbers(found))


def _rare(state: State, loader: Ref, at: Place, found: Shared) -> Story:
    says = (
        f"{_count(found)} that the loader made here hands over for validation at {{pass_}} are equal to samples of the "
        f"loader made at {{trained}} ({_which(found)}): data that repeats itself, or a copy made before the split"
    )
    return Story(says, _scenes(state, loader, at, found), severity=Severity.INFO, facts=_numbers(found))


def _numbers(found: Shared) -> dict[str, object]:
    return {"equal": found.number, "validation": found.of, "training": found.among, "first": list(found.which)}


def _count(found: Shared) -> str:
    return f"{found.number} of the {found.of} samples"


def _which(found: Shared) -> str:
    more = ", ..." if found.number > len(found.which) else ""
    return f"numbers {', '.join(map(str, found.which))}{more}; {found.among} training samples were looked at"


def _scenes(state: State, loader: Ref, at: Place, found: Shared) -> tuple[tuple[str, Place, str], ...]:
    made = dict(state.made)
    trained = made.get(found.other, at)
    return ("made", made.get(loader, at), ""), ("trained", trained, "the training data"), ("pass_", at, "measured here")
