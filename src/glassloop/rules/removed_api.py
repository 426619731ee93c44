"""A call that today's PyTorch rejects."""

from __future__ import annotations

from glassloop.events import DROP, INSTEAD, NAME, PROGRAM, REJECTED, Event, Ref
from glassloop.experiments import Case, Experiment, Instead, Verdict
from glassloop.findings import Keyword, Severity, Story
from glassloop.rules import Card

CARD = Card(
    what="A call, or an argument, that PyTorch has taken out: it raises as soon as it is reached.",
    why="It is found when the line runs, which for a schedule, a validation or a spectral loss may be hours into a run.",
    intended="Code for old versions behind a question about the version, a hasattr or a try is not reported.",
    fix="Write what took its place; the message names it.",
    severity=Severity.ERROR,
    only_read=True,
    safe=True,
)

BAD = """\
import torch
from torch import nn

model = nn.Linear(3, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=1, verbose=True)  # expect: removed-api
"""

GOOD = BAD.replace(", verbose=True)  # expect: removed-api", ")")

EXPERIMENT = Experiment(
    loop="digits",
    mistake=(
        Instead(
            "scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=T_MAX)",
            "scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=T_MAX, verbose=True)",
        ),
    ),
    cases=(
        Case(
            "verbose= of a schedule",
            Verdict.RAISES,
            lambda right, wrong: wrong["raised"].startswith("TypeError") and wrong["steps"] == 0,
            "It raises before the first step: {wrong[raised]}.",
        ),
        Case(
            "iterator.next() in the validation",
            Verdict.RAISES,
            lambda right, wrong: wrong["raised"].startswith("AttributeError") and wrong["steps"] == 12,
            "It raises after the first epoch's {wrong[steps]} steps, which are lost: {wrong[raised]}.",
            mistake=(Instead("for x, y in validation:", "for x, y in [iter(validation).next()]:"),),
        ),
    ),
)

KEY = PROGRAM
HEARS = frozenset({REJECTED})


def initial(me: Ref) -> None:
    """Nothing to remember."""
    return


def hear(state: None, event: Event) -> tuple[None, tuple[Story, ...]]:
    """Each such call is one."""
    drop = event.facts.get(DROP)
    mends = ((Keyword("call", drop),),) if isinstance(drop, str) and drop else ()
    says = f"PyTorch has taken out {event.facts.get(NAME)}: this raises; write {event.facts.get(INSTEAD)}"
    return None, (Story(says, (("call", event.at, ""),), mends),)
