"""Does the optimizer hold the model's parameters, and does a step move them?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from glassloop.preflight.report import Check, Verdict, named
from glassloop.preflight.trial import Trial

NAME = "updates"
STEPS = 3  # a branch that starts at zero (LoRA, a residual) lets the layers behind it move from the second step on


def check(trial: Trial) -> Check:
    """A few steps with the optimizers that were given."""
    if not trial.optimizers:
        return Check(NAME, "not-applicable", "no optimizer was given")
    learning = {name: p for name, p in trial.parameters().items() if p.requires_grad}
    held = {id(p) for opt in trial.optimizers for group in opt.param_groups for p in group["params"]}
    outside = [name for name, p in learning.items() if id(p) not in held]
    frozen = [name for name, p in trial.parameters().items() if not p.requires_grad and id(p) in held]
    rates = [float(group["lr"]) for opt in trial.optimizers for group in opt.param_groups if "lr" in group]
    facts: dict[str, Any] = {"outside": outside, "held_but_frozen": frozen, "lr": rates}
    if learning and len(outside) == len(learning):
        remedy = "Make the optimizer from model.parameters(), after whatever replaces them."
        return Check(NAME, "fail", "the optimizer holds none of the model's parameters", facts, remedy)
    if outside:
        remedy = "Add them to the optimizer (add_param_group), or freeze them: requires_grad_(False)."
        return Check(NAME, "fail", f"{len(outside)} of {len(learning)} are in no optimizer: {named(outside)}", facts, remedy)
    before = {name: p.detach().clone() for name, p in learning.items()}
    for _ in range(STEPS):
        _steps(trial, trial.optimizers)
    still = [name for name, p in learning.items() if torch.equal(p.detach(), before[name])]
    facts["unmoved"] = still
    if rates and not any(rates) and any(_starts(opt) for opt in trial.optimizers):
        said = "every learning rate is 0 now, and a schedule will raise it: what would move cannot be seen yet"
        return Check(NAME, "not-applicable", said, facts)
    if rates and not any(rates):
        remedy = "Give the optimizer a learning rate, or a schedule that raises it."
        return Check(NAME, "warn", "every learning rate is 0 now, so that nothing moves", facts, remedy)
    if still:
        remedy = "Their gradient is None or 0 (a dead ReLU, a branch times 0), or the update is too small for their dtype."
        verdict: Verdict = "fail" if len(still) == len(learning) else "warn"
        said = f"{len(still)} of {len(learning)} do not move in {STEPS} steps: {named(still)}"
        return Check(NAME, verdict, said, facts, remedy)
    return Check(NAME, "pass", f"all {len(learning)} parameters move in {STEPS} steps", facts)


def _starts(optimizer: torch.optim.Optimizer) -> bool:
    """Whether a schedule has set the rates: it keeps where they began."""
    return any(group.get("initial_lr") for group in optimizer.param_groups)


def _steps(trial: Trial, optimizers: Sequence[torch.optim.Optimizer]) -> None:
    def closure() -> torch.Tensor:
        for optimizer in optimizers:
            optimizer.zero_grad()
        loss = trial.forward().loss
        torch.autograd.backward(loss)
        return loss

    if any(isinstance(optimizer, torch.optim.LBFGS) for optimizer in optimizers):
        for optimizer in optimizers:
            optimizer.step(closure)  # type: ignore[arg-type]  # torch says float, and takes a tensor
        return
    closure()
    for optimizer in optimizers:
        optimizer.step()
