"""preflight: one batch, tried before the hours are spent.

    report = glassloop.preflight(model, batch, loss_fn, optimizer)
    print(report)
    assert report.ok

Every check is a file of its own. All of them change the model as training would, and all of it is put back bit for bit.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Sequence
from types import ModuleType
from typing import Any

import torch
from torch import nn

from glassloop.errors import UserError
from glassloop.kit.data import to_device
from glassloop.kit.preflight import describe
from glassloop.preflight import chance, gradients, inputs, mixing, moves, overfits, repeats, shapes
from glassloop.preflight.report import Check, Report
from glassloop.preflight.state import kept
from glassloop.preflight.trial import Trial

RUNS = "forward"
# In the order of a report: what makes later ones fail comes first.
CHECKS: dict[str, Callable[[Trial], Check]] = {
    inputs.NAME: inputs.check,
    shapes.NAME: shapes.check,
    chance.LOGITS: chance.check_input,
    chance.NAME: chance.check,
    gradients.NAME: gradients.check,
    moves.NAME: moves.check,
    mixing.NAME: mixing.check,
    repeats.NAME: repeats.check,
    overfits.NAME: overfits.check,
}


def preflight(
    model: nn.Module,
    batch: Any,
    loss_fn: Callable[..., Any] | None = None,
    optimizer: torch.optim.Optimizer | Sequence[torch.optim.Optimizer] | None = None,
    *,
    seconds: float = 10.0,
    skip: Collection[str] = (),
    batch_dim: int = 0,
) -> Report:
    """Tries `model` on one batch, and leaves model, optimizer and all generators as they were, bit for bit.

    `batch`: what the loader gives: a tensor, `(input, target)`, a dict. It is moved to the model's device.
    `loss_fn`: `loss_fn(model, batch)` or `loss_fn(output, target)`, told apart by the names of its parameters, or
    `loss_fn(output)`; None where the model's output carries its own `loss`.
    `optimizer`: one or several; without, nothing is said of updates. `seconds`: at most so long for learning the batch
    by heart. `skip`: names of checks to leave out (`glassloop.preflight.CHECKS`). `batch_dim`: the inputs' dimension
    that counts the batch.
    Raises UserError where an argument is none of these; what the user's code raises is a failed check instead.
    """
    if not isinstance(model, nn.Module):
        raise UserError(f"model is a {type(model).__name__}; give a torch.nn.Module")
    unknown = sorted(set(skip) - set(CHECKS))
    if unknown:
        raise UserError(f"skip names {unknown[0]!r}; the checks are {', '.join(CHECKS)}")
    if any(nn.parameter.is_lazy(p) for p in model.parameters()):
        raise UserError("the model has layers that take their shape from the first input; call it once before preflight")
    several = [optimizer] if isinstance(optimizer, torch.optim.Optimizer) else list(optimizer or ())
    device = next((p.device for p in model.parameters()), torch.device("cpu"))
    batch = to_device(batch, device)
    trial = Trial(model, batch, loss_fn, several, seconds, batch_dim)
    modules = [model, loss_fn] if isinstance(loss_fn, nn.Module) else [model]
    checks: list[Check] = []
    with kept(modules, several), torch.enable_grad():
        checks.append(_runs(trial))
        if checks[0].verdict != "fail":
            checks += [_one(trial, name, check, modules) for name, check in CHECKS.items() if name not in skip]
    return Report(tuple(checks), describe(batch))


def _runs(trial: Trial) -> Check:
    """The first forward and its loss."""
    if not trial.model.training:
        trial.model.train()
    try:
        trial.first = trial.forward()
    except Exception as error:
        return _raised(RUNS, error)
    value = float(trial.first.loss.detach())
    if value != value or value in (float("inf"), float("-inf")):
        remedy = "Look at the inputs, and for a log, square root or division of 0."
        if not _finite_inputs(trial):
            remedy = "The inputs are not finite; clean the data."
        return Check(RUNS, "fail", f"the loss is {value}", {"loss": str(value)}, remedy)
    return Check(RUNS, "pass", f"model and loss take the batch; the loss is {value:.4g}", {"loss": value})


def _finite_inputs(trial: Trial) -> bool:
    return inputs.check(trial).verdict != "fail"


def _one(trial: Trial, name: str, check: Callable[[Trial], Check], modules: list[nn.Module]) -> Check:
    """One check, from the state that the first one found."""
    try:
        with kept(modules, trial.optimizers):
            return check(trial)
    except Exception as error:
        return _raised(name, error)


def _raised(name: str, error: Exception) -> Check:
    line = (str(error).splitlines() or [""])[0]
    said = line if isinstance(error, UserError) else f"{type(error).__name__}: {line}"
    return Check(name, "fail", said, {"error": type(error).__name__})


class _CallablePackage(ModuleType):
    """Python binds a subpackage to its parent's name for it, so `glassloop.preflight` is this package, and is called."""

    __call__ = staticmethod(preflight)


sys.modules[__name__].__class__ = _CallablePackage

__all__ = ["CHECKS", "Check", "Report", "preflight"]
