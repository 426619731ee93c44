"""Gradients gathered over several batches, and dropped before the step."""

from __future__ import annotations

from typing import NamedTuple

from glassloop.events import BACKWARD, CLOSURE, OPAQUE, OPTIMIZER, STEP, UNGUARDED, ZERO_GRAD, Event, Place, Ref
from glassloop.experiments import Case, Experiment, Moved, Verdict
from glassloop.findings import Delete, Insert, Move, Severity, Story
from glassloop.rules import Card, reaches

CARD = Card(
    what="The step comes every k batches, and the clearing comes more often: what the batches in between gathered "
    "is thrown away.",
    why="The step applies the gradient of the last batch alone, divided by k: an update k times too small, from a "
    "batch k times smaller than meant.",
    intended="A backward whose gradients are not wanted (a generator's loss that also reaches the discriminator; two "
    "optimizers that take turns on one loss) is not reported.",
    fix="Clear where you step, under the same condition.",
    severity=Severity.ERROR,
    safe=True,
)

BAD = """\
import torch
from torch import nn

torch.manual_seed(0)
model = nn.Linear(3, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
k = 2
for i in range(4):
    x = torch.randn(4, 3)
    loss = nn.functional.mse_loss(model(x), x.sum(1, keepdim=True)) / k
    optimizer.zero_grad()  # expect: zero-grad-breaks-accumulation
    loss.backward()
    if (i + 1) % k == 0:
        optimizer.step()
"""

GOOD = """\
import torch
from torch import nn

torch.manual_seed(0)
model = nn.Linear(3, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
k = 2
for i in range(4):
    x = torch.randn(4, 3)
    loss = nn.functional.mse_loss(model(x), x.sum(1, keepdim=True)) / k
    loss.backward()
    if (i + 1) % k == 0:
        optimizer.step()
        optimizer.zero_grad()
"""

EXPERIMENT = Experiment(
    loop="accumulate",
    mistake=(Moved("optimizer.zero_grad()", before="loss = nn.functional.cross_entropy(model(x), y) / MICRO"),),
    cases=(
        Case(
            "SGD, a step every 4 batches",
            Verdict.WORSE,
            lambda right, wrong: wrong["update"] < right["update"] / 2
            and wrong["val_accuracy"] < right["val_accuracy"] - 0.1,
            "Each step holds the last batch alone, divided by 4: the median update is {wrong[update]:.2f} long instead of "
            "{right[update]:.2f}, and accuracy {wrong[val_accuracy]:.2f} instead of {right[val_accuracy]:.2f}.",
        ),
        Case(
            "AdamW, a step every 4 batches",
            Verdict.SILENT,
            lambda right, wrong: wrong["grad_norm"] < right["grad_norm"] / 1.5 and wrong["update"] > right["update"] / 1.5,
            "Adam rescales what is left: gradients of norm {wrong[grad_norm]:.2f} instead of {right[grad_norm]:.2f} make an "
            "update of {wrong[update]:.2f} instead of {right[update]:.2f}. Three quarters of the data are never used; "
            "accuracy {wrong[val_accuracy]:.2f} instead of {right[val_accuracy]:.2f}.",
            {"OPTIMIZER": "torch.optim.AdamW", "LR": "1e-2"},
        ),
    ),
)

KEY = OPTIMIZER
HEARS = {BACKWARD, ZERO_GRAD, STEP, OPAQUE}
OTHERS = True  # another optimizer's step may be what a backward was for

Made = tuple[Place, tuple[Ref, ...] | None]  # a backward: where, and whose parameters it reached


class State(NamedTuple):
    """`made`: the backwards since the last step or clearing; `lost`: (clearing, backwards it threw away).

    `turn`: another optimizer has stepped on one of `made`: what this one holds of them may be cleared.
    `whole`: steps in a row (2: two or more) that used all that was made, once each: this loop gathers nothing.
    `latest`: the last backward; `used`: the last that a step has used, and that step; `since`: steps (2: two or more) since
    a clearing at every batch, where steps guard themselves.
    """

    me: Ref
    stepped: bool = False
    whole: int = 0
    gathers: bool = False
    made: frozenset[Made] = frozenset()
    turn: bool = False
    lost: tuple[Place, frozenset[Made]] | None = None
    broken: tuple[Place, Place] | None = None
    latest: Place | None = None
    used: tuple[Place, Place] | None = None
    since: int | None = None


def initial(me: Ref) -> State:
    """No gradients yet."""
    return State(me)


def hear(state: State, event: Event) -> tuple[State, tuple[Story, ...]]:
    """A clearing between two turns of the same backward, with no step between them, then a step, is the mistake.

    The same backward on both sides, reaching the same optimizers, tells a broken window from a loss whose gradients were
    never wanted here. One step must have gone before: a loop that has not begun to step (a warm-up) breaks nothing.
    """
    concerns = reaches(event, state.me)
    if concerns is False:
        taken = event.kind == STEP and any(event.what in (of or ()) for _, of in state.made)
        return (state._replace(turn=True) if taken else state), ()
    if event.kind == BACKWARD and concerns:
        broken = state.broken
        backward = (event.at, event.of)
        if state.lost is not None and backward in state.lost[1]:
            broken = (state.lost[0], event.at)
        gathers = state.gathers or backward in state.made
        return state._replace(made=state.made | {backward}, lost=None, broken=broken, gathers=gathers, latest=event.at), ()
    if event.kind == ZERO_GRAD and concerns:
        if event.facts.get(UNGUARDED) is True:
            again = (_guarded(event.at, *state.used),) if state.used is not None and state.since == 1 else ()
            return state._replace(made=frozenset(), turn=False, since=0), again
        lost = (event.at, state.made) if state.made and not state.turn else state.lost
        return state._replace(made=frozenset(), turn=False, lost=lost), ()
    if event.kind == STEP and concerns:
        used = (state.latest, event.at) if state.latest is not None else None
        since = None if state.since is None else min(state.since + 1, 2)
        searched = event.facts.get(CLOSURE) is True  # an optimizer that tries several points clears before each
        if not state.gathers and (state.whole == 2 or state.broken is None):
            # What was cleared unused, now and then, in a loop that gathers nothing: a step left out on purpose.
            return State(state.me, stepped=True, whole=min(state.whole + 1, 2), used=used, since=since), ()
        if not state.stepped or searched or state.broken is None:
            return State(state.me, stepped=True, gathers=state.gathers, used=used, since=since), ()
        # What was made again after the clearing is what the step uses, and was not cleared once more.
        broken = state.broken
        counts = any(place == broken[1] for place, _ in state.made)
        state = State(state.me, stepped=True, gathers=state.gathers, used=used, since=since)
        return state, ((_story(*broken, event.at),) if counts else ())
    return State(state.me), ()


def _story(cleared: Place, made: Place, step: Place) -> Story:
    says = (
        "gradients made at {made} are cleared here before the step at {step} has used them: of the batches gathered "
        "for one step only those after the last clearing count; clear where you step, under the same condition"
    )
    scenes = (("cleared", cleared, ""), ("made", made, "gathers gradients"), ("step", step, "uses what is left"))
    follow = (Delete("cleared"), Insert("{cleared}", after="step"))
    return Story(says, scenes, ((Move("cleared", after="step"),), follow))


def _guarded(cleared: Place, made: Place, step: Place) -> Story:
    says = (
        "the step at {step} waits until enough batches are gathered, this clearing does not: it drops what the backward at "
        "{made} made for the batches in between; the prepared optimizer's own zero_grad() waits, too"
    )
    return Story(says, (("cleared", cleared, ""), ("made", made, "gathers gradients"), ("step", step, "uses what is left")))
