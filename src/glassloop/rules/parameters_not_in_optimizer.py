"""Parameters that learn nothing because no optimizer was given them."""

from __future__ import annotations

from typing import NamedTuple

from glassloop.events import COMPARED, END, LEFT_OUT, MADE, OPTIMIZER, Event, Place, Ref
from glassloop.experiments import Case, Experiment, Instead, Verdict
from glassloop.findings import Severity, Story
from glassloop.rules import Card

CARD = Card(
    what="Parameters that require a gradient get one, step after step, and no optimizer holds them.",
    why="They stay as they were drawn, and the rest of the model learns around them. The gradients are computed all the "
    "same, pile up, and count in the norm that clipping sees.",
    intended="Frozen parameters (requires_grad_(False)), a model that is called without a graph or in evaluation mode, one "
    "that another optimizer holds or has held before, parameters updated by hand, and a picture or a prompt that is learned "
    "through a model are not reported. Freeze what is not meant to learn, which saves its gradients, too.",
    fix="Give them to the optimizer (model.parameters(), itertools.chain(...), add_param_group), or freeze them.",
    severity=Severity.ERROR,
    only_run=True,
)

_SCRIPT = """\
import torch
from torch import nn

torch.manual_seed(0)
encoder, decoder = nn.Linear(6, 2), nn.Linear(2, 6)
{optimizer}
for step in range(6):
    x = torch.randn(8, 6)
    loss = nn.functional.mse_loss(decoder(torch.tanh(encoder(x))), x)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
"""
BAD = _SCRIPT.format(
    optimizer="optimizer = torch.optim.Adam(decoder.parameters(), lr=0.01)  # expect: parameters-not-in-optimizer"
)
GOOD = _SCRIPT.format(
    optimizer="optimizer = torch.optim.Adam([*encoder.parameters(), *decoder.parameters()], lr=0.01)"
)

_MODEL = "model = nn.Sequential(nn.Linear(64, {0}), NORM({0}), nn.ReLU(), nn.Dropout(DROPOUT), nn.Linear({0}, 10))"
EXPERIMENT = Experiment(
    loop="digits",
    mistake=(
        Instead(
            "optimizer = OPTIMIZER(model.parameters(), lr=LR)",
            "optimizer = OPTIMIZER(model[4].parameters(), lr=LR)",
        ),
    ),
    cases=(
        Case(
            "the head alone is given, 1,024 hidden units",
            Verdict.SILENT,
            lambda right, wrong: (wrong["travelled"], right["travelled"]) == (2, 4),
            "{wrong[travelled]} of the model's {right[tensors]} tensors move. A head over this many random features does "
            "well enough to hide it: accuracy {wrong[val_accuracy]:.2f}, rightly {right[val_accuracy]:.2f}.",
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
HEARS = {MADE, COMPARED, END}
_SEEN = 3  # looks at which they were left out; at the end of a run one less


class State(NamedTuple):
    """`made`: where; `at`: the last step looked at; `seen`: how often each was left out, in a row."""

    me: Ref
    made: Place | None = None
    at: Place | None = None
    names: str = ""
    seen: int = 0
    told: bool = False


def initial(me: Ref) -> State:
    """Not looked at yet."""
    return State(me)


def hear(state: State, event: Event) -> tuple[State, tuple[Story, ...]]:
    """The same parameters, left out at several looks at this optimizer's steps."""
    if event.kind == END:
        return state, (_story(state),) if state.seen == _SEEN - 1 and not state.told else ()
    if event.what != state.me:
        return state, ()
    if event.kind == MADE:
        return State(state.me, event.at), ()
    names = event.facts.get(LEFT_OUT)
    if not isinstance(names, str) or state.told:
        return state, ()
    seen = state.seen + 1 if names == state.names else 1
    state = state._replace(at=event.at, names=names, seen=seen, told=seen == _SEEN)
    return state, (_story(state),) if state.told else ()


def _story(state: State) -> Story:
    who = "this optimizer" if state.made is not None else "the optimizer that steps here"
    names = state.names.replace("{", "{{").replace("}", "}}")
    says = (
        f"no optimizer holds {names}: gradients are made for it at every step, and it never changes; give it to {who}, or "
        "freeze it with requires_grad_(False)"
    )
    if state.made is None:
        return Story(says, (("step", state.at, ""),))
    return Story(says, (("made", state.made, ""), ("step", state.at, "steps without them")))
