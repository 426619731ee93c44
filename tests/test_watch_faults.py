"""A mistake of the watch's own never reaches the training: it is said once, the watch goes quiet, the bits are the same."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import nn
from torch.optim import optimizer as optimizers
from torch.utils.data import DataLoader, TensorDataset

from glassloop.rules import all_rules
from glassloop.watch import watch


class PlantedError(Exception):
    """What our code raises here."""


def fail(*args: object, **kwargs: object) -> object:
    raise PlantedError("planted")


def train(folder: Path) -> str:
    """A training that passes everything that the tap hears; a digest of where it ends."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 4), nn.Dropout(0.2), nn.Linear(4, 1))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    schedule = torch.optim.lr_scheduler.StepLR(optimizer, 2)
    scaler = torch.amp.GradScaler("cpu", init_scale=4.0)
    loader = DataLoader(TensorDataset(torch.randn(8, 4), torch.randn(8, 1)), batch_size=4, shuffle=True)
    for _ in range(2):
        model.train()
        for x, y in loader:
            for p in model.parameters():
                p.grad = None
            loss = nn.MSELoss()(model(x), y) + nn.functional.l1_loss(model(x), y)
            torch.autograd.grad(loss, list(model.parameters()), retain_graph=True)
            scaler.scale(loss).backward()
            scaler.unscale_(optimizer)
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            scaler.step(optimizer)
            scaler.update()
            for p in model.parameters():
                assert p.grad is not None
                p.grad.zero_()
        schedule.step()
        model.eval()
        with torch.no_grad():
            model(torch.ones(1, 4))
        torch.save(model.state_dict(), folder / "model.pt")
        model.load_state_dict(torch.load(folder / "model.pt"))
    return hashlib.sha256(b"".join(t.numpy().tobytes() for t in model.state_dict().values())).hexdigest()


PLACES = {
    "what a forward reaches": "glassloop.tap.ear.Ear.model",
    "the mode": "glassloop.tap.models.minds",
    "what a loss was given": "glassloop.tap.models.loss_facts",
    "before a backward": "glassloop.tap.gradients.Held.marks",
    "after a backward": "glassloop.tap.gradients.Held.reached",
    "whose gradients are clipped": "glassloop.tap.ear.Ear.owners",
    "who turned recording off": "glassloop.tap.autograd._turned_by",
    "a hand on a gradient": "glassloop.tap.hands.Hands._note",
    "what hands did": "glassloop.tap.hands.Hands.settle",
    "a step": "glassloop.tap.optimizers.Steps._scaler",
    "an optimizer is made": "glassloop.tap.gradients.Held.refresh",
    "a scaled loss": "glassloop.tap.scalers.Scaled.remember",
    "a loader's pass": "glassloop.tap.loaders._order",
    "a scheduler": "glassloop.tap.schedulers._of",
    "an event": "glassloop.tap.ear.Ear.say",
    "a place": "glassloop.tap.ear.Ear.spot",
    "the rules": "glassloop.memory.Memory.hear",
}


@pytest.fixture
def said(caplog: pytest.LogCaptureFixture) -> Callable[[], list[str]]:
    caplog.set_level(logging.WARNING, "glassloop")
    return lambda: [record.getMessage() for record in caplog.records if record.name == "glassloop"]


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES.keys())
def test_a_fault_is_said_once_and_training_ends_in_the_same_bits(place, said, tmp_path, monkeypatch):
    alone, before = train(tmp_path), state_of_torch()
    seen = watch(lambda finding: None)
    with monkeypatch.context() as planted:
        planted.setattr(place, fail)
        assert train(tmp_path) == alone
    seen.stop()
    (line,) = said()
    assert "PlantedError: planted at test_watch_faults.py" in line
    assert "training goes on unwatched" in line
    assert "github.com" in line
    assert state_of_torch() == before, "the tap is out"


def state_of_torch() -> list[object]:
    hooks = optimizers._global_optimizer_pre_hooks, optimizers._global_optimizer_post_hooks
    calls = nn.Module.__call__, nn.Parameter.grad, torch.autograd.backward, DataLoader.__iter__
    return [*(list(hook) for hook in hooks), *calls]


def test_a_fault_while_the_watch_begins_is_said_and_nothing_stays(said, monkeypatch):
    before = state_of_torch()
    with monkeypatch.context() as planted:
        planted.setattr("glassloop.tap.loaders.hear", fail)
        seen = watch()
    assert state_of_torch() == before
    assert "could not begin" in said()[0]
    assert seen.stop() == []
    with watch(lambda finding: None) as again:
        broken()
    assert len(again.findings) == 1, "the next watch hears"


def broken() -> None:
    """A loop that never clears."""
    model = nn.Linear(3, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    for _ in range(4):
        model(torch.ones(2, 3)).sum().backward()
        optimizer.step()


def test_a_fault_at_the_end_is_said_and_what_was_found_is_given(said, monkeypatch):
    seen = watch(lambda finding: None)
    broken()
    monkeypatch.setattr("glassloop.memory.Memory.hear", fail)
    assert len(seen.stop()) == 1
    assert "failed as it ended" in said()[0]


def test_a_sink_that_fails_is_told_no_more_and_the_others_are(said):
    told = []
    with watch(fail, told.append, rules=all_rules()) as seen:
        broken()
    assert len(told) == len(seen.findings) == 1
    assert said() == ["a sink of the watch failed and is told no more (PlantedError: planted)"]


def test_a_profile_that_fails_stops_no_step(said, tmp_path, monkeypatch):
    from glassloop.watch import Watch

    alone = train(tmp_path)
    for place in ("_norm", "tensors"):
        seen = Watch(lambda finding: None, lines="profile")
        with monkeypatch.context() as planted:
            planted.setattr(f"glassloop.tap.profile.{place}", fail)
            assert train(tmp_path) == alone
        seen.stop()
    assert len(said()) == 2


def test_findings_that_cannot_be_written_stop_nothing(said, tmp_path):
    with watch(lambda finding: None, out=tmp_path / "no" / "such" / "findings.json"):
        broken()
    assert all("could not be written" in line for line in said())
    assert said()
