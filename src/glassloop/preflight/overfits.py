"""Can the model learn this one batch by heart?"""

from __future__ import annotations

import time

import torch
from torch import nn
from torch.nn.modules.dropout import _DropoutNd

from glassloop.preflight.listening import ELEMENTWISE
from glassloop.preflight.report import Check, short
from glassloop.preflight.trial import Trial
from glassloop.tap.nested import tensors

NAME = "one batch"
RATES = (1e-3, 1e-2)  # of Adam, one after the other
STEPS = 300
LEARNT, GOAL, MOVED = 0.5, 0.33, 0.9  # of what the loss can fall: below the first it learns, above the last it does not
FAR = 20.0  # so many times larger than what a fresh model gives, targets are out of reach of a few steps
SPARE = 10  # a model with so many numbers a target can learn them by heart


def check(trial: Trial) -> Check:
    """Trains on the batch with Adam, dropout off, until its loss has fallen to a third, or time is up."""
    learning = [p for p in trial.parameters().values() if p.requires_grad]
    for module in trial.model.modules():
        if isinstance(module, _DropoutNd):
            module.eval()
    start = [p.detach().clone() for p in learning]
    best, first, steps, rate, floor = float("inf"), float("nan"), 0, RATES[0], _floor(trial)
    for lr in RATES:
        with torch.no_grad():
            for p, value in zip(learning, start, strict=True):
                p.copy_(value)
        begun, lowest, count = _train(trial, learning, lr, floor)
        first = begun if steps == 0 else first
        if lowest < best:
            best, steps, rate = lowest, count, lr
        if best <= _share(GOAL, first, floor):
            break
    facts = {"first": first, "last": best, "steps": steps, "optimizer": f"Adam, lr {rate:g}"}
    said = f"the loss of the batch falls from {short(first)} to {short(best)} in {steps} steps of Adam (lr {rate:g})"
    if first <= 0:
        return Check(NAME, "not-applicable", f"the loss starts at {short(first)}, of which no share can be asked", facts)
    if best <= _share(LEARNT, first, floor) or first < 1e-6:
        return Check(NAME, "pass", said, facts)
    numbers, wanted = sum(p.numel() for p in learning), _wanted(trial)
    far = _far(trial)
    if far:
        return Check(NAME, "warn", f"{said}; {far}", facts, "Scale the targets to a mean near 0 and a spread near 1.")
    if best > _share(MOVED, first, floor):
        remedy = "It cannot learn even this: look at the checks above, and whether inputs and targets belong together."
        return Check(NAME, "fail", said, facts, remedy)
    if numbers < SPARE * wanted:
        said += f"; more is not asked of {numbers} numbers for {wanted} targets"
        return Check(NAME, "pass", said, facts)
    remedy = "Right for a small model, noisy targets or few seconds; else a part of the model may not learn."
    return Check(NAME, "warn", said, facts, remedy)


def _train(trial: Trial, learning: list[nn.Parameter], lr: float, floor: float) -> tuple[float, float, int]:
    """First loss, lowest loss, and the steps that were taken."""
    optimizer = torch.optim.Adam(learning, lr=lr)
    first = lowest = float("nan")
    ends, step = time.monotonic() + trial.seconds / len(RATES), 0
    for step in range(STEPS):
        optimizer.zero_grad()
        loss = trial.forward().loss
        value = float(loss.detach())
        first, lowest = (value, value) if step == 0 else (first, min(lowest, value))
        if lowest <= _share(GOAL, first, floor) or not loss.requires_grad or (step and time.monotonic() > ends):
            break
        torch.autograd.backward(loss)
        for p in learning:
            if p.grad is not None and p.grad.is_sparse:  # Adam takes none
                p.grad = p.grad.to_dense()
        optimizer.step()
    return first, lowest, step


def _share(share: float, first: float, floor: float) -> float:
    return floor + share * (first - floor)


def _floor(trial: Trial) -> float:
    """Below this the loss cannot fall: the entropy of targets that are no certainties (mixed, or smoothed)."""
    calls = trial.first.heard.losses
    if len(calls) != 1 or calls[0].name != "cross_entropy":
        return 0.0
    call, dim = calls[0], 1 if calls[0].prediction.dim() > 1 else 0
    count, smooth = call.prediction.shape[dim], float(call.options.get("label_smoothing", 0.0))
    if not call.target.is_floating_point():
        chances = torch.full((count,), smooth / count)
        chances[0] += 1 - smooth
        return float(torch.special.entr(chances).sum())
    soft = call.target.detach().float() * (1 - smooth) + smooth / count
    return float(torch.special.entr(soft).sum(dim).mean())


def _far(trial: Trial) -> str:
    """Where targets are numbers far from what a fresh model gives; "" elsewhere."""
    call = next((call for call in trial.first.heard.losses if call.name in ELEMENTWISE), None)
    if call is None or not call.target.is_floating_point():
        return ""
    low, high = float(call.target.min()), float(call.target.max())
    largest = float(call.prediction.detach().abs().max())
    if max(abs(low), abs(high)) < FAR * max(largest, 1.0):
        return ""
    return f"targets run from {short(low)} to {short(high)}, and a fresh model gives at most {short(largest)}"


def _wanted(trial: Trial) -> int:
    """How many target values the batch has."""
    calls = trial.first.heard.losses
    return calls[0].target.numel() if calls else sum(t.shape[0] for t in tensors(trial.batch)[-1:] if t.dim())
