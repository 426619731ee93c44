"""The profile reads values at sampled steps only, and takes itself out exactly."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Literal

import pytest
import torch
from torch import nn
from torch.nn.functional import mse_loss
from torch.nn.utils import clip_grad_norm_
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.data import DataLoader

import glassloop.watch as watching
from glassloop.record.files import write_json
from glassloop.tap.profile import EVERY, FIRST

STEPS = 25


class Reads(TorchDispatchMode):
    """Counts, by step, how often a value was read out of a tensor: on an accelerator each read would wait for it."""

    def __init__(self) -> None:
        super().__init__()
        self.step = 0
        self.at: list[int] = []

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func is torch.ops.aten._local_scalar_dense.default:
            self.at.append(self.step)
        return func(*args, **(kwargs or {}))


def train(reads: Reads) -> None:
    model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 1))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
    loader = DataLoader([(torch.randn(8, 4), torch.randn(8, 1)) for _ in range(STEPS)], batch_size=None)
    for reads.step, (x, y) in enumerate(loader):
        optimizer.zero_grad()
        loss = mse_loss(model(x), y)
        loss.backward()
        clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()


def reads_of(lines: Literal["count", "profile"] | None) -> tuple[list[int], watching.Watch]:
    with watching.Watch(lambda _: None, lines=lines) as seen, Reads() as reads:
        train(reads)
    return reads.at, seen


@pytest.mark.parametrize("lines", [None, "count"])
def test_counting_reads_no_value(lines: Literal["count"] | None) -> None:
    with Reads() as alone:
        train(alone)  # the loader draws a seed
    at, _ = reads_of(lines)
    assert at == alone.at


def test_a_profile_reads_at_sampled_steps_alone() -> None:
    at, seen = reads_of("profile")
    sampled = {step for step in range(STEPS) if step < FIRST or step % EVERY == 0}
    assert set(at) == sampled
    assert seen.tally is not None
    assert seen.tally.steps == STEPS


def test_what_is_not_finite_is_left_out(tmp_path: Path) -> None:
    """JSON has no infinity: a run with one must leave its lines all the same."""
    weight = nn.Parameter(torch.ones(1))
    optimizer = torch.optim.SGD([weight], lr=0.1)
    with watching.Watch(lambda _: None, lines="profile") as seen:
        for factor in (1.0, float("inf"), float("nan")):
            optimizer.zero_grad()
            mse_loss(weight * factor, torch.zeros(1)).backward()
            clip_grad_norm_([weight], float("inf"))
            optimizer.step()
    assert seen.tally is not None
    write_json(tmp_path / "lines.json", seen.tally.as_json(tmp_path))
    rows = json.loads((tmp_path / "lines.json").read_text())["lines"]
    assert {row["kind"] for row in rows} >= {"loss", "backward", "step"}


def test_it_takes_itself_out() -> None:
    owners = (nn.Module, torch.optim.Optimizer, torch.autograd, nn.functional, nn.utils, DataLoader)
    before = [dict(vars(owner)) for owner in owners]
    names = (mse_loss, clip_grad_norm_)
    reads_of("profile")
    for owner, found in zip(owners, before, strict=True):
        assert {name: vars(owner).get(name) for name in found} == found, owner
        assert set(vars(owner)) == set(found), owner
    assert (mse_loss, clip_grad_norm_) == names
    assert globals()["mse_loss"] is nn.functional.mse_loss
