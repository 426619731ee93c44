"""Parameters that an optimizer holds and that never get a gradient."""

from __future__ import annotations

from typing import NamedTuple

from glassloop.events import COMPARED, MADE, OPTIMIZER, UNMOVED, Event, Place, Ref
from glassloop.experiments import Case, Experiment, Instead, Verdict
from glassloop.findings import Severity, Story
from glassloop.rules import Card

CARD = Card(
    what="An optimizer holds parameters that get no gradient in any of its steps.",
    why="The loss does not depend on them: a layer that forward never calls, a part that is cut off by detach() or computed "
    "under no_grad. They stay as they were drawn, and the optimizer passes over them in silence.",
    intended="Frozen parameters (requires_grad_(False)), those first used late in the run or in turns with others, and what "
    "a library's model brings along unused are not reported. It is told at the end of the run, or after 512 steps.",
    fix="Use the layer in forward, or remove it; let the gradient through; freeze what is not meant to learn.",
    severity=Severity.ERROR,
    only_run=True,
)

_SCRIPT = """\
import torch
from torch import nn

torch.manual_seed(0)
encoder, head = nn.Linear(6, 4), nn.Linear(4, 3)
{optimizer}
for step in range(6):
    x, y = torch.randn(8, 6), torch.randint(3, (8,))
    features = torch.relu(encoder(x)){detach}
    loss = nn.functional.cross_entropy(head(features), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
"""
_OPTIMIZER = "optimizer = torch.optim.Adam([*encoder.parameters(), *head.parameters()], lr=0.01)"
BAD = _SCRIPT.format(optimizer=_OPTIMIZER + "  # expect: parameters-never-updated", detach=".detach()")
GOOD = _SCRIPT.format(optimizer=_OPTIMIZER, detach="")

_LOSS = "loss = nn.functional.cross_entropy(model(x), y)"
_CUT = "loss = nn.functional.cross_entropy(model[4](model[:4](x).detach()), y)"
_MODEL = "model = nn.Sequential(nn.Linear(64, {0}), NORM({0}), nn.ReLU(), nn.Dropout(DROPOUT), nn.Linear({0}, 10))"
EXPERIMENT = Experiment(
    loop="digits",
    mistake=(Instead(_LOSS, _CUT),),
    cases=(
        Case(
            "the features are detached, 1,024 hidden units",
            Verdict.SILENT,
            lambda right, wrong: (wrong["travelled"], right["travelled"]) == (2, 4),
            "{wrong[travelled]} of the optimizer's {wrong[tensors]} tensors move. A head over this many random features "
            "does well enough to hide it: accuracy {wrong[val_accuracy]:.2f}, rightly {right[val_accuracy]:.2f}.",
            {"EPOCHS": "8"},
            edits=(Instead(_MODEL.format(64), _MODEL.format(1024)),),
        ),
        Case(
            "the same with 64 hidden units",
            Verdict.WORSE,
            lambda right, wrong: (wrong["travelled"], right["travelled"]) == (2, 4),
            "Random features of this number do not do: accuracy {wrong[val_accuracy]:.2f} instead of "
            "{right[val_accuracy]:.2f}.",
            {"EPOCHS": "8"},
        ),
    ),
)

KEY = OPTIMIZER
HEARS = {MADE, COMPARED}


class State(NamedTuple):
    """`made`: where; `told`: once is enough, however often it is counted again."""

    me: Ref
    made: Place | None = None
    told: bool = False


def initial(me: Ref) -> State:
    """Nothing was counted yet."""
    return State(me)


def hear(state: State, event: Event) -> tuple[State, tuple[Story, ...]]:
    """A count, after enough steps, in which some of this optimizer's parameters have had no gradient."""
    if event.what != state.me:
        return state, ()
    if event.kind == MADE:
        return State(state.me, event.at), ()
    unmoved = event.facts.get(UNMOVED)
    if not isinstance(unmoved, tuple) or state.told:
        return state, ()
    return state._replace(told=True), (_story(state.made, event.at, *unmoved),)


def _story(made: Place | None, step: Place, names: str, steps: int) -> Story:
    who = "this optimizer" if made is not None else "the optimizer that steps here"
    names = names.replace("{", "{{").replace("}", "}}")
    says = (
        f"{who} holds {names}, which got no gradient in any of its {steps} steps: the loss does not depend on it; use it in "
        "forward, let the gradient through, or freeze it with requires_grad_(False)"
    )
    facts = {"steps": steps, "parameters": names}
    if made is None:
        return Story(says, (("step", step, ""),), facts=facts)
    return Story(says, (("made", made, ""), ("step", step, "steps without them")), facts=facts)
