"""Does the model give the same answer twice in evaluation mode?"""

from __future__ import annotations

import torch

from glassloop.preflight.report import Check, short
from glassloop.preflight.trial import Trial
from glassloop.tap.nested import tensors

NAME = "evaluation"


def check(trial: Trial) -> Check:
    """Two forwards in evaluation mode, bit for bit."""
    trial.model.eval()
    with torch.no_grad():
        (one, heard), (other, _) = trial.again(), trial.again()
    pairs = list(zip(_seen(one), _seen(other), strict=False))
    if all(torch.equal(a, b) or _both_nan(a, b) for a, b in pairs):
        return Check(NAME, "pass", "two forwards in evaluation mode agree bit for bit")
    gap = max((float((a - b).abs().max()) for a, b in pairs if a.shape == b.shape and a.numel()), default=float("inf"))
    facts = {"draws": heard.draws, "largest_difference": gap}
    dropped = [name for name in heard.draws if "dropout" in name]
    if dropped:
        said = f"{dropped[0]} is on in evaluation mode: two forwards differ by {short(gap)}"
        return Check(NAME, "fail", said, facts, "Pass training=self.training (dropout_p=0.0 outside training).")
    if heard.draws:
        said = f"the model draws random numbers in evaluation mode ({', '.join(heard.draws)})"
        return Check(NAME, "warn", said, facts, "Right in a model that samples; else ask self.training first.")
    largest = max((float(a.abs().max()) for a, _ in pairs if a.numel()), default=1.0)
    if gap <= 1e-4 * max(largest, 1e-30):
        said = f"two forwards differ in rounding only, by {short(gap)}"
        return Check(NAME, "warn", said, facts, "torch.use_deterministic_algorithms(True) names the operation.")
    said = f"two forwards in evaluation mode differ by {short(gap)}"
    return Check(NAME, "fail", said, facts, "A forward changes the model, or draws at random: look for what it writes.")


def _seen(output: object) -> list[torch.Tensor]:
    return [t.detach().float() for t in tensors(output) if not t.is_sparse and not t.is_complex()]


def _both_nan(a: torch.Tensor, b: torch.Tensor) -> bool:
    return a.shape == b.shape and bool(torch.equal(a.nan_to_num(), b.nan_to_num()))
