"""The lesson's loop as far as files go, in our own words: what it saves, when, and under which keys. Loads torch."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import nn


def train(
    model: nn.Module,
    epochs: int,
    folder: Path,
    *,
    val_losses: Sequence[float] = (0.9, 0.7, 0.5, 0.6, 0.4),
    fail_in: int = 0,
    history_each_epoch: bool = False,
) -> list[dict[str, Any]]:
    """Train with the given validation losses; the history, which the lesson writes after the last epoch.

    Raises FloatingPointError in epoch `fail_in`, counted from 1. `history_each_epoch` is the mended form.
    """
    folder.mkdir(parents=True, exist_ok=True)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    best, history = float("inf"), []
    for epoch in range(epochs):
        if epoch + 1 == fail_in:
            raise FloatingPointError(f"epoch {fail_in}")
        optimizer.zero_grad()
        model(torch.ones(4, 2)).square().mean().backward()
        optimizer.step()
        history.append({"epoch": epoch, "val_loss": val_losses[epoch]})
        latest = {"epoch": epoch, "model_state_dict": model.state_dict(), "optimizer_state_dict": optimizer.state_dict()}
        torch.save(latest, folder / "latest.pt")
        if val_losses[epoch] < best:
            best = val_losses[epoch]
            torch.save(model.state_dict(), folder / "best.pt")
        if history_each_epoch:
            _write(history, folder)
    _write(history, folder)
    return history


def _write(history: list[dict[str, Any]], folder: Path) -> None:
    beside = folder / "history.part"
    beside.write_text(json.dumps(history))
    beside.replace(folder / "history.json")


def save_checkpoint(model: nn.Module, optimizer: torch.optim.Optimizer, epoch: int, val_loss: object, path: Path) -> None:
    """The lesson's own saving function, which its loop does not call."""
    states = {"model_state_dict": model.state_dict(), "optimizer_state_dict": optimizer.state_dict()}
    torch.save({**states, "epoch": epoch, "val_loss": val_loss}, path)


def load_checkpoint(model: nn.Module, optimizer: torch.optim.Optimizer, path: Path) -> tuple[int, float]:
    """The lesson's loading function: epoch and validation loss. Raises KeyError where the file has other keys."""
    states = torch.load(path, weights_only=True)
    model.load_state_dict(states["model_state_dict"])
    optimizer.load_state_dict(states["optimizer_state_dict"])
    return states["epoch"], states["val_loss"]
