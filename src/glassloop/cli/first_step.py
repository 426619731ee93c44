"""The first step of a run in a line: quiet where all is well, clear where it is not."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from glassloop.tap.first import FirstStep

ABOVE, RATIO = 1.0, 1.5  # so far above guessing, in nats and as a factor, a start is worth a word
NAMED = 3  # parameters that are named


def line(step: FirstStep) -> tuple[str, bool]:
    """The line, and whether all is well."""
    loss, fine = _loss(step)
    parts = [loss, _parameters(step)]
    if step.shapes:
        parts.append("batch " + ", ".join(map(str, step.shapes)))
    which = f" of {step.optimizer}" if step.others else ""
    return f"first step{which}: " + "; ".join(part for part in parts if part), fine and not step.without and not step.unmoved


def _loss(step: FirstStep) -> tuple[str, bool]:
    if step.loss is None:
        return "", True
    if step.classes is None or step.classes < 2:
        return f"loss {step.loss:.4g}", math.isfinite(step.loss)
    chance = math.log(step.classes)
    guessing = f"{chance:.4g} = log {step.classes}"
    if step.loss > chance + ABOVE and step.loss > RATIO * chance:
        return f"loss {step.loss:.4g}, far above guessing ({guessing})", False
    return f"loss {step.loss:.4g} (guessing: {guessing})", math.isfinite(step.loss)


def _parameters(step: FirstStep) -> str:
    got = step.parameters - len(step.without)
    said = f"{got} of {step.parameters} parameters got a gradient"
    said += f", and the step left {_named(step.unmoved)} as they were" if step.unmoved else " and moved"
    return f"{said} (none yet: {_named(step.without)})" if step.without else said


def _named(names: list[str]) -> str:
    known = [name for name in names if name][:NAMED]
    more = len(names) - len(known)
    if not known:
        return f"{more} of a model that was not called"
    return ", ".join(known) + (f" and {more} more" if more else "")
