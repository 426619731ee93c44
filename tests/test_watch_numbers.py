"""watch and the numbers of a run: findings carry them, strict stops at the next look, nothing changes or piles up."""

from __future__ import annotations

import argparse
import gc
import hashlib
import inspect
import io
import json
import logging
import tracemalloc
from collections.abc import Callable
from contextlib import redirect_stderr
from pathlib import Path

import pytest
import torch
from sklearn.datasets import load_digits
from torch import nn

from glassloop.events import MEASURED
from glassloop.findings import Finding, Severity
from glassloop.rules import all_rules
from glassloop.tap.measures import EVERY
from glassloop.watch import MistakeFoundError, logged, watch


def poisoned(steps: int, at: int = 4) -> None:
    """A regression with an infinite target in the batch of one step."""
    torch.manual_seed(0)
    model = nn.Linear(3, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    for step in range(1, steps + 1):
        optimizer.zero_grad()
        target = torch.full((4, 1), float("inf") if step == at else 1.0)
        nn.functional.mse_loss(model(torch.randn(4, 3)), target).backward()
        optimizer.step()


LINE = poisoned.__code__.co_firstlineno + 8


def silent(finding: Finding) -> None:
    """Tells nobody."""


def no_constant(word: str) -> None:
    raise AssertionError(f"{word} is no JSON")


def test_a_finding_carries_the_numbers_in_python_and_in_json(tmp_path: Path):
    with watch(silent, out=tmp_path / "findings.json") as seen:
        poisoned(10)
    (sighting,) = seen.findings
    assert (sighting.finding.rule, sighting.finding.where.line) == ("gradient-nonfinite", LINE)
    assert (sighting.step, sighting.count) == (4, 7), "the step it began at, and each that followed"
    facts = sighting.facts
    assert (facts["step"], facts["loss"], facts["parameters"]) == (4, float("inf"), ["weight", "bias"])
    assert (facts["step_before"], facts["learning_rate"]) == (3, 0.01)
    text = (tmp_path / "findings.json").read_text()
    (entry,) = json.loads(text, parse_constant=no_constant)
    assert (entry["step"], entry["count"], entry["facts"]["loss"], entry["facts"]["step_before"]) == (4, 7, "inf", 3)


def test_the_terminal_shows_the_numbers():
    stderr = io.StringIO()
    with redirect_stderr(stderr), watch():
        poisoned(10)
    said = stderr.getvalue()
    assert f":{LINE}: error gradient-nonfinite" in said
    assert "the loss of step 4 is inf" in said
    assert "step 3 still had loss" in said
    assert "\x1b" not in said, "plain where nobody sees colours"


def test_strict_stops_at_the_next_look_and_names_the_step():
    seen = watch(silent, strict=True)
    with pytest.raises(MistakeFoundError, match="the loss of step 4 is inf"):
        poisoned(50)
    seen.stop(ended=False)
    assert seen.steps == EVERY
    assert [s.step for s in seen.findings] == [4]


def test_what_is_left_is_read_when_the_watch_ends_even_by_an_error():
    seen = watch(silent)
    poisoned(6)
    seen.__exit__(KeyError, KeyError(), None)
    assert [(s.finding.rule, s.step) for s in seen.findings] == [("gradient-nonfinite", 4)]


def test_findings_are_logged_where_the_program_listens(caplog: pytest.LogCaptureFixture):
    with caplog.at_level(logging.INFO, "glassloop"), watch(logged):
        poisoned(6)
    (record,) = caplog.records
    assert (record.name, record.levelno) == ("glassloop", logging.ERROR)
    assert record.finding.severity is Severity.ERROR  # type: ignore[attr-defined]
    assert f"{LINE}: gradient-nonfinite: the loss of step 4" in record.getMessage()


def test_a_handler_of_ones_own_is_told_besides_the_terminal_and_without_one_nothing_is_logged():
    log, lines, stderr = logging.getLogger("glassloop"), io.StringIO(), io.StringIO()
    handler = logging.StreamHandler(lines)
    log.addHandler(handler)
    try:
        with redirect_stderr(stderr), watch():
            poisoned(6)
    finally:
        log.removeHandler(handler)
    assert lines.getvalue().count("gradient-nonfinite") == 1
    assert stderr.getvalue().count("gradient-nonfinite") == 1
    with redirect_stderr(stderr), watch():
        poisoned(6)
    assert stderr.getvalue().count("gradient-nonfinite") == 2
    assert lines.getvalue().count("gradient-nonfinite") == 1


def digest(model: nn.Module, optimizer: torch.optim.Optimizer) -> str:
    found = hashlib.sha256()
    moments = [value for state in optimizer.state.values() for value in state.values() if isinstance(value, torch.Tensor)]
    for tensor in (*model.state_dict().values(), *moments, torch.get_rng_state()):
        found.update(tensor.numpy().tobytes())
    return found.hexdigest()


def digits() -> str:
    """A network with batch-norm and dropout on real pictures; past the steps that are all measured."""
    torch.manual_seed(0)
    x, y = (torch.tensor(array[:600]) for array in load_digits(return_X_y=True))
    model = nn.Sequential(nn.Linear(64, 32), nn.BatchNorm1d(32), nn.ReLU(), nn.Dropout(0.2), nn.Linear(32, 10))
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    for _ in range(8):
        for batch in torch.randperm(600).split(30):
            optimizer.zero_grad()
            nn.functional.cross_entropy(model(x[batch].float() / 16), y[batch]).backward()
            optimizer.step()
    return digest(model, optimizer)


def text() -> str:
    """Characters of Python's own source through attention, with a clip, accumulation and half precision."""
    torch.manual_seed(0)
    letters = inspect.getsource(argparse)[:4000].encode()
    data = torch.tensor(list(letters)) % 96
    table, head = nn.Embedding(96, 16), nn.Linear(16, 96)
    body = nn.TransformerEncoder(nn.TransformerEncoderLayer(16, 2, 32, batch_first=True), 1)
    model = nn.ModuleList([table, body, head])
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)
    for step in range(40):
        at = torch.randint(0, len(data) - 17, (4,)).tolist()
        ids = torch.stack([data[i : i + 17] for i in at])
        with torch.autocast("cpu", dtype=torch.bfloat16):
            logits = head(body(table(ids[:, :-1])))
            loss = nn.functional.cross_entropy(logits.flatten(0, 1).float(), ids[:, 1:].flatten()) / 2
        loss.backward()
        if step % 2:
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            optimizer.zero_grad()
    return digest(model, optimizer)


@pytest.mark.parametrize("run", [digits, text], ids=lambda run: run.__name__)
def test_a_watched_run_ends_in_the_same_bits(run: Callable[[], str]):
    alone = run()
    with watch(pytest.fail):
        assert run() == alone


def test_a_long_run_leaves_no_more_behind_than_a_short_one():
    model = nn.Linear(2, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-6)
    x = torch.ones(1, 2)

    def steps(count: int) -> int:
        for _ in range(count):
            optimizer.zero_grad()
            loss = model(x).sum()
            loss.backward()
            optimizer.step()
        del loss
        gc.collect()
        return tracemalloc.get_traced_memory()[0]

    with watch(silent):
        steps(200)
        tracemalloc.start()
        try:
            first = steps(300)
            assert steps(1200) - first < 40_000, "an object a step would be more; what torch itself lets lie is half of it"
        finally:
            tracemalloc.stop()


def test_rules_of_numbers_hear_nothing_else():
    """They are kept apart from what a watch remembers: no two such events are alike."""
    assert all(rule.hears == {MEASURED} for rule in all_rules() if MEASURED in rule.hears)
    assert sum(MEASURED in rule.hears for rule in all_rules()) >= 4
