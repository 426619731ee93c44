"""Parameters that never moved."""

from __future__ import annotations

from typing import Any

from glassloop.audit import weights
from glassloop.audit.evidence import Evidence
from glassloop.audit.report import Answer, named
from glassloop.audit.weights import Parameter

SECTION = "training"
ASKS = "Did every parameter move that was to be trained?"
WHY = "A layer that stays as it was drawn at random is carried along: the others learn around it, and the loss still falls."
CHANGE = "Hand it to the optimizer, let its gradient through, or declare it frozen (requires_grad_(False)) if that is meant."

OUTSIDE = "parameters-not-in-optimizer"
FIRST_STEPS = 8


def check(evidence: Evidence) -> Answer:
    """The run's own table of parameters; without one, the first checkpoint at hand against the last."""
    if not evidence.story.rates:
        return Answer("unknown", "no step with a learning rate above 0 was recorded", {}, CHANGE)
    known = weights.table(evidence.folder, evidence.homes)
    if known:
        heard = any(row.get("rule") == OUTSIDE for row in evidence.findings or ())
        return _of_table(known, evidence.story.rates, heard)
    kept = weights.checkpoints(evidence.folder)
    if kept is None:
        return Answer("unknown", "there are no two checkpoints to compare", {}, "Keep the first and the last checkpoint.")
    facts = {"from_step": kept.first, "to_step": kept.last, "moved": kept.moved, "unmoved": list(kept.still)}
    between = f"from step {kept.first:,} to step {kept.last:,}"
    if kept.still:
        names = named(list(kept.still))
        says = f"{len(kept.still)} of {kept.moved + len(kept.still)} tensors did not move {between}: {names}"
        return Answer("unknown", f"{says}; whether they were to be trained is not in the checkpoints", facts, CHANGE)
    return Answer("holds", f"all {kept.moved} tensors of the checkpoints moved {between}", facts)


def _of_table(known: list[Parameter], steps: int, heard: bool) -> Answer:
    """`heard`: watch found parameters that no optimizer holds, where that is not meant."""
    still = [one for one in known if not one.moved]
    frozen = [one for one in still if not one.trained]
    held = [one for one in still if one.trained and one.held and not one.slight]
    slight = [one for one in still if one.trained and one.held and one.slight]
    outside = [one for one in still if one.trained and not one.held]
    facts: dict[str, Any] = {
        "parameters": len(known), "moved": len(known) - len(still), "unmoved_though_held": _names(held),
        "gradient_too_small": _names(slight),
        "unmoved_in_no_optimizer": _names(outside), "declared_frozen": _names(frozen),
    }  # fmt: skip
    if held:
        says = f"{_few(held, known)}, though an optimizer holds them (no gradient, or zeros): {named(_names(held))}"
        # A branch that begins at zero lets nothing through at first.
        return Answer("fails" if steps >= FIRST_STEPS else "unknown", says, facts, CHANGE)
    if slight:
        says = f"{_few(slight, known)}: {named(_names(slight))}; their gradients are too small to change a value"
        return Answer("unknown", f"{says}, as those of a bias before a normalization are", facts, CHANGE)
    if outside:
        says = f"{_few(outside, known)}; no optimizer holds them: {named(_names(outside))}"
        meant = "" if heard else "; where only a part is trained, that is meant"
        return Answer("fails" if heard else "unknown", says + meant, facts, CHANGE)
    if frozen:
        says = f"{_few(frozen, known)}; they were declared frozen (requires_grad is False): {named(_names(frozen))}"
        return Answer("unknown", f"{says}; whether that is meant is not in the record", facts, CHANGE)
    return Answer("holds", f"all {len(known)} parameters moved", facts)


def _few(some: list[Parameter], known: list[Parameter]) -> str:
    return f"{len(some)} of {len(known)} parameters never moved"


def _names(some: list[Parameter]) -> list[str]:
    return [one.name for one in some]
