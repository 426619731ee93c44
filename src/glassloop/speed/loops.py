"""The two loops: the standard one with a switch for each popular technique, and the tuned one."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import nn
from torch.utils.data import DataLoader

from glassloop.speed.catalogue import BATCH, Settings, Technique
from glassloop.speed.material import SEED, Material

RATE = 1e-3


class Trained(NamedTuple):
    """A model and what trains it for one epoch, which gives the mean of the batches' losses."""

    model: nn.Module
    epoch: Callable[[int], float]


def standard(material: Material, technique: Technique, device: torch.device) -> Trained:
    """The loop of the tutorials, with the technique switched on."""
    torch.manual_seed(SEED)
    model = material.make_model(Settings()).to(device)
    optimizer = torch.optim.Adam(model.parameters(), lr=RATE)
    pinned = technique.pinned and device.type == "cuda"  # without a GPU nothing is pinned: torch would warn, and not do it
    loader: DataLoader[Any] = DataLoader(
        material.dataset, BATCH, sampler=material.order, pin_memory=pinned,
        num_workers=technique.workers, persistent_workers=technique.workers > 0,
    )  # fmt: skip
    half = torch.float16 if device.type == "cuda" else torch.bfloat16
    scaler = torch.amp.GradScaler(enabled=technique.amp and half is torch.float16)
    window = technique.accumulate

    def epoch(number: int) -> float:
        material.order.epoch = number
        total = 0.0
        for step, (inputs, targets) in enumerate(loader):
            inputs, targets = inputs.to(device, non_blocking=pinned), targets.to(device, non_blocking=pinned)
            with torch.autocast(device.type, half) if technique.amp else contextlib.nullcontext():
                loss = material.loss(model(inputs), targets)
            shares = min(window, len(loader) - step // window * window)  # the last window may be shorter
            scaler.scale(loss / shares if window > 1 else loss).backward()  # type: ignore[no-untyped-call]
            if (step + 1) % window == 0 or step + 1 == len(loader):
                if technique.clip:
                    scaler.unscale_(optimizer)
                    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
                scaler.step(optimizer)
                scaler.update()
                optimizer.zero_grad()
            total += loss.item()
        return total / len(loader)

    return Trained(model, epoch)


def tuned(material: Material, settings: Settings, device: torch.device) -> Trained:
    """The same training with less work beside it: same batches, same order, same arithmetic in fp32."""
    torch.manual_seed(SEED)
    model = material.make_model(settings).to(device)
    if settings.channels_last:
        model = model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # its stub forgets the keyword
    optimizer = torch.optim.Adam(model.parameters(), lr=RATE, fused=True)
    batches = material.batches(settings, device)

    def loss_of(inputs: Any, targets: Any) -> Any:
        return material.loss(model(inputs), targets)

    forward: Any = torch.compile(loss_of) if settings.compiled else loss_of

    def epoch(number: int) -> float:
        total = torch.zeros((), device=device)
        for inputs, targets in batches(number):
            loss = forward(inputs, targets)
            loss.backward()
            optimizer.step()
            optimizer.zero_grad()
            total += loss.detach()  # read once an epoch: item() in each step would wait for a GPU
        return total.item() / material.steps

    return Trained(model, epoch)
