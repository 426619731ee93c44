"""Does every parameter that is to learn get a gradient, and a finite one?"""

from __future__ import annotations

import torch

from glassloop.preflight.report import Check, named, short
from glassloop.preflight.trial import Trial

NAME = "gradients"


def check(trial: Trial) -> Check:
    """One backward of the first loss."""
    parameters = trial.parameters()
    learning = {name: p for name, p in parameters.items() if p.requires_grad}
    frozen = [name for name, p in parameters.items() if not p.requires_grad]
    facts = {"parameters": len(parameters), "frozen": frozen}
    if not learning:
        remedy = "Call requires_grad_(True) on what is to learn."
        return Check(NAME, "fail", "no parameter requires a gradient", facts, remedy)
    loss = trial.forward().loss
    if not loss.requires_grad:
        remedy = "Look for no_grad, detach(), item(), numpy() or an argmax between model and loss."
        return Check(NAME, "fail", "the loss has no graph: a backward reaches no parameter", facts, remedy)
    for p in parameters.values():
        p.grad = None
    torch.autograd.backward(loss)
    without = [name for name, p in learning.items() if p.grad is None]
    broken = [name for name, p in learning.items() if p.grad is not None and not _finite(p.grad)]
    facts |= {"without": without, "non_finite": broken}
    if broken:
        remedy = "Look for a division by 0, a log or square root of 0, or inputs that are not finite."
        return Check(NAME, "fail", f"the gradient of {named(broken)} is NaN or infinite", facts, remedy)
    if without:
        remedy = "They are not used in the forward, or cut off by detach() or no_grad; freeze what is not meant to learn."
        return Check(NAME, "fail", f"{len(without)} of {len(learning)} get none: {named(without)}", facts, remedy)
    norm = _norm(learning)
    said = f"all {len(learning)} parameters get one, together of length {short(norm)}"
    if frozen:
        said += f"; {len(frozen)} are frozen: {named(frozen)}"
    return Check(NAME, "pass", said, facts | {"norm": norm})


def _finite(grad: torch.Tensor) -> bool:
    return bool(torch.isfinite(grad.coalesce().values() if grad.is_sparse else grad).all())


def _norm(parameters: dict[str, torch.nn.Parameter]) -> float:
    grads = [p.grad.coalesce().values() if p.grad.is_sparse else p.grad for p in parameters.values() if p.grad is not None]
    return float(sum(float(g.float().norm()) ** 2 for g in grads) ** 0.5)
