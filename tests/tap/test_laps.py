"""How long a loop has waited for its loader, and what of that is said."""

from __future__ import annotations

import os
import textwrap
from types import SimpleNamespace

import pytest
import torch

from glassloop.events import BATCH, WAITED, Waited
from glassloop.findings import Severity
from glassloop.tap import laps
from glassloop.watch import Sighting, Watch
from tests.tap.hearing import hear

START = """
import time
import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset

class Slow(Dataset):
    def __init__(self, wait, first=0.0): self.wait, self.first = wait, first
    def __len__(self): return 20
    def __getitem__(self, index):
        time.sleep(self.first if index < 2 else self.wait)
        return torch.ones(3)
model = nn.Linear(3, 1)
opt = torch.optim.SGD(model.parameters(), lr=0.01)
def train(loader):
    for x in loader:
        opt.zero_grad()
        model(x).square().mean().backward()
        opt.step()
"""


def waited(code: str) -> list[Waited]:
    found = [event.facts.get(WAITED) for event in hear(code, START) if event.kind == BATCH]
    return [w for w in found if isinstance(w, Waited)]


def seen(code: str) -> list[Sighting]:
    watch = Watch(lambda finding: None)
    try:
        exec(START + textwrap.dedent(code), {"__name__": "__main__"})
    finally:
        watch.stop()
    return [sighting for sighting in watch.findings if sighting.finding.rule == "loader-starves"]


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """The machine that the tests run on may be crowded."""
    monkeypatch.setattr(laps, "crowded", lambda: False)


def test_the_first_batch_of_a_pass_and_the_steps_are_not_waited_for():
    found = waited("for x in DataLoader(Slow(0.01, first=0.3), 2): time.sleep(0.02)")
    assert [w.batches for w in found] == [4, 8]
    assert all(0.02 * w.batches <= w.seconds < 0.3 for w in found), found
    assert all(w.typical >= 0.02 and 0.1 < w.share < 0.9 for w in found), found


def test_passes_of_one_loader_are_counted_together():
    found = waited("loader = DataLoader(Slow(0.0), 10)\nfor _ in range(8): list(loader)")
    assert [w.batches for w in found] == [4, 8]


def test_a_wait_while_the_device_works_keeps_nobody_waiting(monkeypatch: pytest.MonkeyPatch):
    """Not tried on an accelerator: a mark that has not been reached stands for its work."""
    for done, least in ((True, 0.07), (False, 0.0)):
        monkeypatch.setattr(laps, "_mark", lambda done=done: SimpleNamespace(query=lambda: done))
        found = waited("for x in DataLoader(Slow(0.01), 2): pass")
        assert found[0].seconds >= least
        assert found[0].seconds == 0 or done


def test_without_an_accelerator_there_is_no_mark():
    assert torch.cuda.is_initialized() or laps._mark() is None


def test_what_is_said_has_the_numbers():
    (found,) = seen("train(DataLoader(Slow(0.07), 2))")
    assert found.finding.severity is Severity.WARNING
    assert found.finding.facts["share"] > 0.5
    assert found.finding.facts["typical"] >= 0.14
    assert "no workers" in found.finding.message


def test_workers_that_do_not_keep_up_are_information():
    (found,) = seen("train(DataLoader(Slow(0.15), 2, num_workers=1))")
    assert found.finding.severity is Severity.INFO


@pytest.mark.parametrize(
    "code",
    [
        "train(DataLoader(Slow(0.0005), 2))",
        "train(DataLoader(Slow(0.03), 10))",
        "train(DataLoader(Slow(0.02), 2))",
        "train(DataLoader(Slow(0.0), 2)); [model(x) for x in DataLoader(Slow(0.03), 2)]",
        "for x in DataLoader(Slow(0.02), 2): time.sleep(0.15); model(x).mean().backward(); opt.step(); opt.zero_grad()",
    ],
    ids=["short waits", "two batches", "a third of a second", "no training", "long steps"],
)
def test_what_is_nobodys_worry_is_not_said(code: str):
    assert seen(code) == []


def test_a_crowded_machine_says_nothing_of_its_loaders(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(laps, "crowded", lambda: True)
    assert waited("for x in DataLoader(Slow(0.0), 2): pass") == []


def test_a_machine_is_crowded_by_more_than_this_run_can_be(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.undo()
    cores = os.cpu_count() or 1
    for load, crowded in ((cores + 0.9, False), (cores + 50.0, True)):
        monkeypatch.setattr(os, "getloadavg", lambda load=load: (load, 0.0, 0.0), raising=False)
        assert laps.crowded() is crowded
