"""A checkpoint whose reading runs whatever is in the file."""

from __future__ import annotations

from glassloop.events import LOAD, PROGRAM, UNSAFE, Event, Ref
from glassloop.experiments import Case, Experiment, Instead, Verdict
from glassloop.findings import Keyword, Severity, Story
from glassloop.rules import Card

CARD = Card(
    what="A checkpoint is read with torch.load(..., weights_only=False), or with pickle.",
    why="A pickle is a program: reading it runs what it names, as you, before any of your code looks at it. A checkpoint "
    "that somebody else wrote, or could have written over, owns the machine.",
    intended="A file that nobody else can write, holding more than tensors and plain values: allow its classes with "
    "torch.serialization.add_safe_globals, or set the finding aside.",
    fix="Load with weights_only=True, the default since torch 2.6; save state dicts and plain values only.",
    severity=Severity.ERROR,
    only_read=True,
)

BAD = """\
import io
import torch
from torch import nn

model = nn.Linear(3, 1)
file = io.BytesIO()
torch.save({"model": model.state_dict()}, file)
file.seek(0)
checkpoint = torch.load(file, weights_only=False)  # expect: unsafe-load
model.load_state_dict(checkpoint["model"])
"""

GOOD = BAD.replace("weights_only=False)  # expect: unsafe-load", "weights_only=True)")

EXPERIMENT = Experiment(
    loop="load",
    mistake=(
        Instead(
            'checkpoint = torch.load("theirs.pt", weights_only=True)',
            'checkpoint = torch.load("theirs.pt", weights_only=False)',
        ),
    ),
    cases=(
        Case(
            "a checkpoint that names a command",
            Verdict.SILENT,
            lambda right, wrong: wrong["ran"] and not right["ran"] and right["refused"],
            "The weights load, nothing is said, and the command has run: {wrong[ran]}. With weights_only=True the file is "
            "refused ({right[refused]}), and the command has run: {right[ran]}.",
        ),
        Case(
            "an honest checkpoint",
            Verdict.SAME,
            lambda right, wrong: not (wrong["ran"] or wrong["refused"] or right["refused"]),
            "An honest file loads either way (refused: {right[refused]}).",
            {"POISONED": "False"},
        ),
    ),
    seeds=(0,),
)

KEY = PROGRAM
HEARS = frozenset({LOAD})


def initial(me: Ref) -> None:
    """Nothing to remember."""
    return


def hear(state: None, event: Event) -> tuple[None, tuple[Story, ...]]:
    """A load that may run code is the mistake."""
    how = event.facts.get(UNSAFE)
    if not isinstance(how, str):
        return None, ()
    says = f"this reads a checkpoint with {how}, which runs whatever code the file holds; load it with weights_only=True"
    mends = ((Keyword("load", "weights_only", "True"),),) if how == "weights_only=False" else ()
    return None, (Story(says, (("load", event.at, ""),), mends),)
