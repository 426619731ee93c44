"""One file, written by every process at once."""

from __future__ import annotations

from typing import NamedTuple

from glassloop.events import EVERYONE, JOINED, PROGRAM, SAVE, Event, Place, Ref
from glassloop.experiments import Case, Experiment, Instead, Verdict
from glassloop.findings import Severity, Story
from glassloop.rules import Card

CARD = Card(
    what="In a program of several processes every one of them writes the same checkpoint file.",
    why="They write over each other while the file is open: it may end as a mixture that cannot be read, or be read half "
    "written. All of them spend the time, where the weights are the same anyway.",
    intended="A file name with the rank in it, and state that differs between processes (shards), are not reported.",
    fix='Save on one process only: if torch.distributed.get_rank() == 0: torch.save(...).',
    severity=Severity.WARNING,
    only_read=True,
)

BAD = """\
import os
import torch
import torch.distributed as dist
from torch import nn

torch.manual_seed(0)
folder = os.environ.get("TMPDIR", "/tmp")
rank, processes = int(os.environ.get("RANK", 0)), int(os.environ.get("WORLD_SIZE", 1))
dist.init_process_group("gloo", store=dist.HashStore(), rank=rank, world_size=processes)
model = nn.Linear(3, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for step in range(2):
    x = torch.randn(4, 3)
    optimizer.zero_grad()
    nn.functional.mse_loss(model(x), x.sum(1, keepdim=True)).backward()
    optimizer.step()
torch.save(model.state_dict(), os.path.join(folder, "model.pt"))  # expect: checkpoint-every-rank
dist.destroy_process_group()
"""

GOOD = BAD.replace(
    'torch.save(model.state_dict(), os.path.join(folder, "model.pt"))  # expect: checkpoint-every-rank',
    'if rank == 0:\n    torch.save(model.state_dict(), os.path.join(folder, "model.pt"))',
)

EXPERIMENT = Experiment(
    loop="ranks",
    mistake=(Instead("if dist.get_rank() == 0:", "if True:"),),
    cases=(
        Case(
            "two processes, 3 epochs",
            Verdict.SILENT,
            lambda right, wrong: (right["writes"], wrong["writes"], wrong["writers"]) == (3, 6, 2),
            "The one file is written {wrong[writes]} times by {wrong[writers]} processes, instead of {right[writes]} "
            "times by {right[writers]}, and nothing keeps them from writing at once.",
        ),
    ),
    seeds=(0,),
)

KEY = PROGRAM
HEARS = frozenset({JOINED, SAVE})


class State(NamedTuple):
    """`joined`: where the process became one of several."""

    joined: Place | None = None


def initial(me: Ref) -> State:
    """One process, for all that is known."""
    return State()


def hear(state: State, event: Event) -> tuple[State, tuple[Story, ...]]:
    """A save that every process comes to, into a file of one name, is the mistake."""
    if event.kind == JOINED:
        return State(event.at), ()
    if state.joined is None or event.facts.get(EVERYONE) is not True:
        return state, ()
    says = (
        "every process of the group joined at {joined} writes this file; save where the rank is 0 only, "
        "or put the rank into the name"
    )
    return state, (Story(says, (("save", event.at, ""), ("joined", state.joined, "makes it one process of several"))),)
