"""Many models in one run, as a search over settings makes them: the watch stays small, hears on, and forgets no finding."""

from __future__ import annotations

import gc
import tracemalloc

import pytest
import torch
from torch import nn

from glassloop.tap.ear import MOST_DEAD
from glassloop.watch import Watch, watch


def trial(clears: bool = True, steps: int = 3) -> None:
    """A model is made, trained and dropped."""
    model = nn.Sequential(nn.Linear(4, 4), nn.ReLU(), nn.Linear(4, 2))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for _ in range(steps):
        if clears:
            optimizer.zero_grad()
        nn.CrossEntropyLoss()(nn.Softplus()(model(torch.ones(3, 4))), torch.zeros(3, dtype=torch.long)).backward()
        optimizer.step()


def gathers() -> None:
    """Gradients that nobody uses."""
    model = nn.Linear(2, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for _ in range(3):
        model(torch.ones(1, 2)).sum().backward()
    del optimizer


def sizes(seen: Watch) -> dict[str, int]:
    """How much the watch keeps by now."""
    assert seen._tap is not None
    ear, memory = seen._tap._ear, seen._memory
    states = max(len(machine._states[machine.now]) for machine in memory._machines)
    return {"events": len(ear._events), "models": len(ear._covers), "names": len(ear.names._entries), "states": states}


def test_two_hundred_trials_keep_no_more_than_fifty():
    with watch(pytest.fail) as seen:
        for _ in range(50):
            trial()
        early = sizes(seen)
        for _ in range(150):
            trial()
        late = sizes(seen)
    assert seen.steps == 600
    assert all(late[name] <= early[name] + 8 * MOST_DEAD for name in late), (early, late)
    assert late["states"] <= 2 * MOST_DEAD


def test_memory_is_flat():
    with watch(pytest.fail):
        tracemalloc.start()
        try:
            peaks = []
            for _ in range(2):
                tracemalloc.reset_peak()
                for _ in range(60):
                    trial()
                gc.collect()
                peaks.append(tracemalloc.get_traced_memory()[1])
        finally:
            tracemalloc.stop()
    assert peaks[1] < 1.5 * peaks[0] + 2**20, peaks


def test_findings_of_models_that_are_gone_are_told():
    with watch(lambda finding: None) as seen:
        gathers()
        for number in range(2 * MOST_DEAD):
            trial(clears=number != 60)
    assert {s.finding.rule for s in seen.findings} == {"step-missing", "zero-grad-missing"}
    cut = watch(lambda finding: None)
    gathers()
    for _ in range(MOST_DEAD):
        trial()
    cut.stop(ended=False)
    assert cut.findings == [], "a run that was cut off has no end"


def test_a_model_for_one_call_is_no_new_event():
    with watch(pytest.fail) as seen:
        model = nn.Linear(4, 2)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        for step in range(40):
            optimizer.zero_grad()
            nn.MSELoss()(nn.Sigmoid()(model(torch.ones(3, 4))), torch.zeros(3, 2)).backward()
            optimizer.step()
            if step == 10:
                before = sizes(seen)
        assert sizes(seen)["events"] == before["events"]
