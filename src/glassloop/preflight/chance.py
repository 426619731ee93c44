"""Is the loss of a model that has learnt nothing what guessing would give, and is the loss given what it takes?"""

from __future__ import annotations

import math

from glassloop.events import GIVEN, LOG_PROBABILITIES, TAKES
from glassloop.preflight.listening import LossCall
from glassloop.preflight.report import Check, short
from glassloop.preflight.trial import Trial
from glassloop.tap.given import BINARY, CLASSES, loss_facts

NAME, LOGITS = "loss at start", "loss input"
ABOVE, RATIO = 1.0, 1.5  # so far above chance, in nats and as a factor, a start is worth a word
_KNOWN = (*CLASSES, *BINARY)


def check(trial: Trial) -> Check:
    """The first loss against log C, or log 2."""
    call = next((call for call in trial.first.heard.losses if call.name in _KNOWN), None)
    if call is None:
        names = sorted({call.name for call in trial.first.heard.losses})
        of = f"of {', '.join(names)}" if names else "of a loss that is none of torch's own"
        return Check(NAME, "not-applicable", f"what guessing gives is not known {of}")
    chance, as_text, reason = chance_of(call)
    if chance is None:
        return Check(NAME, "not-applicable", reason)
    value = float(call.value.detach()) if call.value.numel() == 1 else float(call.value.detach().mean())
    facts = {"loss": value, "chance": chance}
    said = f"{short(value)}; guessing gives {short(chance)} = {as_text}"
    if not math.isfinite(value):
        return Check(NAME, "fail", f"the loss is {value}", {"loss": str(value), "chance": chance})
    if value > chance + ABOVE and value > RATIO * chance:
        remedy = "The model is sure of wrong answers before it has learnt: scale the inputs, or make its last layer smaller."
        return Check(NAME, "warn", said, facts, remedy)
    if value < chance / RATIO:
        said += "; it is below: the model has learnt already, or the targets can be read off the inputs"
    return Check(NAME, "pass", said, facts)


def chance_of(call: LossCall) -> tuple[float | None, str, str]:
    """What guessing gives for a call of a loss, and how it comes about; else None and the reason."""
    options = call.options
    if options.get("reduction", "mean") == "sum":
        return None, "", "the loss is a sum; what guessing gives depends on the batch"
    if call.name in BINARY:
        weighted = options.get("weight") is not None or options.get("pos_weight") is not None
        return (None, "", "the loss weighs its classes") if weighted else (math.log(2), "log 2", "")
    shape = call.prediction.shape
    classes = shape[1] if len(shape) > 1 else shape[0]
    return math.log(classes), f"log {classes}", ""


def check_input(trial: Trial) -> Check:
    """Logits are given where logits are taken, log-probabilities where those are."""
    for call in trial.first.heard.losses:
        facts = loss_facts(call.name, True, (call.prediction,), {})
        given, takes = facts.get(GIVEN), facts.get(TAKES)
        if given is not None and not (takes == "class logits" and given == LOG_PROBABILITIES):
            said = f"{call.name} takes {takes} and is given {given}"
            remedy = "Take the softmax or sigmoid out of the model: the loss has its own."
            return Check(LOGITS, "fail", said, {"call": call.name, "given": str(given)}, remedy)
        if call.name == "nll_loss" and not _normalised(call):
            said = "nll_loss takes log-probabilities, and what it is given are none: they do not add up to 1"
            remedy = "Give cross_entropy the logits, or put log_softmax before nll_loss."
            return Check(LOGITS, "fail", said, {"call": call.name}, remedy)
    known = [call.name for call in trial.first.heard.losses if call.name in _KNOWN]
    if not known:
        return Check(LOGITS, "not-applicable", "no loss of torch's that takes logits or probabilities")
    return Check(LOGITS, "pass", f"{known[0]} is given what it takes", {"call": known[0]})


def _normalised(call: LossCall) -> bool:
    dimension = 1 if call.prediction.dim() > 1 else 0
    total = call.prediction.detach().float().exp().sum(dimension)
    return bool(((total - 1).abs() < 1e-2).all())
