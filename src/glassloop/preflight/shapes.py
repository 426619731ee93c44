"""Do the shapes of prediction and target agree, or does one silently broadcast against the other?"""

from __future__ import annotations

from glassloop.preflight.listening import Broadcast
from glassloop.preflight.report import Check
from glassloop.preflight.trial import Trial

NAME = "loss shapes"


def check(trial: Trial) -> Check:
    """Of torch's element-wise losses, and of predictions and targets that are combined by hand."""
    heard = trial.first.heard
    if heard.broadcasts:
        return _told(heard.broadcasts[0])
    if not heard.losses:
        return Check(NAME, "not-applicable", "the loss is none of torch's own, and nothing in it broadcasts")
    one = heard.losses[0]
    shapes = {"prediction": list(one.prediction.shape), "target": list(one.target.shape)}
    said = f"{one.name} is given {shapes['prediction']} and {shapes['target']}"
    return Check(NAME, "pass", said, {"call": one.name, **shapes})


def _told(found: Broadcast) -> Check:
    facts = {
        "call": found.call, "prediction": list(found.prediction), "target": list(found.target), "result": list(found.result),
    }  # fmt: skip
    said = f"{found.call} of shapes {facts['prediction']} and {facts['target']} broadcasts to {facts['result']}"
    if len(found.prediction) == len(found.target):
        remedy = "Give both the same shape; expand() says it where it is meant."
        return Check(NAME, "warn", said, facts, remedy)
    remedy = "Every prediction meets every target. Give both one shape: target.unsqueeze(1), or output.squeeze(1)."
    return Check(NAME, "fail", said, facts, remedy)
