"""Workers that start the whole script again."""

from __future__ import annotations

from typing import NamedTuple

from glassloop.events import BARE, LOADER, MADE, PASS_BEGIN, Event, Place, Ref
from glassloop.experiments import Case, Experiment, Instead, Verdict
from glassloop.findings import Severity, Story
from glassloop.rules import Card

CARD = Card(
    what='A loader with workers is gone through with no `if __name__ == "__main__"` around it.',
    why="Where processes are spawned (macOS, Windows, Linux from Python 3.14 on) each worker imports the script first, "
    "and so comes to the same loop: Python stops it with an error. It works only where processes are forked.",
    intended="Notebooks, and scripts that choose how processes are started, are not reported.",
    fix='Put the program into a function, and call it under `if __name__ == "__main__":`.',
    severity=Severity.INFO,
    only_read=True,
)

BAD = """\
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
loader = DataLoader(TensorDataset(torch.randn(8, 3)), batch_size=4, shuffle=True, num_workers=1)
model = nn.Linear(3, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for epoch in range(2):
    for (x,) in loader:  # expect: workers-without-main-guard
        optimizer.zero_grad()
        nn.functional.mse_loss(model(x), x.sum(1, keepdim=True)).backward()
        optimizer.step()
"""

GOOD = """\
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


def main():
    torch.manual_seed(0)
    loader = DataLoader(TensorDataset(torch.randn(8, 3)), batch_size=4, shuffle=True, num_workers=1)
    model = nn.Linear(3, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for epoch in range(2):
        for (x,) in loader:
            optimizer.zero_grad()
            nn.functional.mse_loss(model(x), x.sum(1, keepdim=True)).backward()
            optimizer.step()


if __name__ == "__main__":
    main()
"""

EXPERIMENT = Experiment(
    loop="workers",
    mistake=(Instead('if __name__ == "__main__":', "if True:"),),
    cases=(
        Case(
            "processes are forked",
            Verdict.SAME,
            lambda right, wrong: wrong["weights"] == right["weights"],
            "A forked worker does not import the script: {wrong[steps]} steps, and the same weights.",
        ),
        Case(
            "processes are spawned, as on macOS, on Windows",
            Verdict.RAISES,
            lambda right, wrong: wrong["steps"] == 0 and right["steps"] == 12,
            "The worker imports the script, comes to the loader itself, and dies; no step is made ({wrong[raised]:.31}…).",
            {"START": '"spawn"'},
        ),
    ),
    seeds=(0,),
)

KEY = LOADER
HEARS = frozenset({MADE, PASS_BEGIN})


class State(NamedTuple):
    """`made`: the loader's place, until it has been told of."""

    me: Ref
    made: Place | None = None


def initial(me: Ref) -> State:
    """Made elsewhere, for all that is known."""
    return State(me)


def hear(state: State, event: Event) -> tuple[State, tuple[Story, ...]]:
    """The first pass that would start the script again is told."""
    if event.what != state.me:
        return state, ()
    if event.kind == MADE:
        return State(state.me, event.at), ()
    if state.made is None or event.facts.get(BARE) is not True:
        return state, ()
    says = (
        "the workers of the loader made at {made} start here, outside `if __name__ == \"__main__\"`: where processes are "
        "spawned, each of them runs this script again and fails"
    )
    return State(state.me), (Story(says, (("begun", event.at, ""), ("made", state.made, "the loader"))),)
