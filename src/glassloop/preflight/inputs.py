"""Are the inputs numbers that a model can learn from?"""

from __future__ import annotations

import torch
from torch import nn
from torch.nn.modules.batchnorm import _NormBase

from glassloop.preflight.report import Check, short
from glassloop.preflight.trial import Trial
from glassloop.tap.nested import tensors

NAME = "inputs"
LARGE = 50.0  # an input beyond this many is not scaled
_NORMS = (_NormBase, nn.LayerNorm, nn.GroupNorm)


def check(trial: Trial) -> Check:
    """Finite, not all the same, and of a size that a freshly made layer is made for."""
    first = trial.first
    given = tensors(trial.batch) if first.args is None else tensors([list(first.args), first.kwargs])
    floats = [t.detach() for t in given if t.is_floating_point() and t.numel() > 1]
    if not floats:
        return Check(NAME, "not-applicable", "the inputs are whole numbers")
    bad = sum(int((~torch.isfinite(t)).sum()) for t in floats)
    if bad:
        return Check(
            NAME, "fail", f"{bad} values of the inputs are NaN or infinite", {"non_finite": bad}, "Clean the data."
        )
    low, high = min(float(t.min()) for t in floats), max(float(t.max()) for t in floats)
    facts = {"smallest": low, "largest": high}
    if low == high:
        return Check(NAME, "warn", f"every input value is {short(low)}", facts, "Look at what the loader gives.")
    said = f"values from {short(low)} to {short(high)}"
    if max(abs(low), abs(high)) > LARGE and not _normalises(trial.model):
        return Check(
            NAME, "warn", f"{said}, and the model's first layer does not normalise them", facts,
            "Scale the inputs to a mean near 0 and a spread near 1.",
        )  # fmt: skip
    return Check(NAME, "pass", said, facts)


def _normalises(model: nn.Module) -> bool:
    leaves = [m for m in model.modules() if not any(True for _ in m.children())]
    first = next((m for m in leaves if not isinstance(m, (nn.Flatten, nn.Identity))), None)
    return isinstance(first, _NORMS)
