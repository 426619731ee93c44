"""watch: findings of a real run, told once, counted, collected, written; and a watch that stops the run."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import textwrap
from collections.abc import Callable
from contextlib import redirect_stderr
from pathlib import Path

import pytest
import torch
from torch import nn

import glassloop
from glassloop.events import Event
from glassloop.findings import Finding, Severity
from glassloop.memory import Memory
from glassloop.rules import Listening, all_rules
from glassloop.tap import listen
from glassloop.watch import MistakeFoundError, Watch, watch

SRC = Path(__file__).parents[1] / "src"


def broken(steps: int = 4) -> None:
    """A loop that never clears."""
    torch.manual_seed(0)
    model = nn.Linear(3, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    for _ in range(steps):
        model(torch.ones(2, 3)).sum().backward()
        optimizer.step()


def right(steps: int = 4) -> None:
    """A loop without a mistake."""
    model = nn.Linear(3, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    for _ in range(steps):
        optimizer.zero_grad()
        model(torch.ones(2, 3)).sum().backward()
        optimizer.step()


def python(script: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Runs a script as its owner would."""
    path = folder / "script.py"
    path.write_text(textwrap.dedent(script))
    environment = {**os.environ, "PYTHONPATH": str(SRC)}
    return subprocess.run(
        [sys.executable, str(path)], cwd=folder, env=environment, capture_output=True, text=True, timeout=600
    )


def test_a_finding_is_told_once_and_counted():
    told: list[Finding] = []
    with glassloop.watch(told.append) as seen:
        broken(steps=4)
    assert [f.rule for f in told] == ["zero-grad-missing"]
    (sighting,) = seen.findings
    assert sighting.finding is told[0]
    assert (sighting.step, sighting.count) == (2, 3)
    assert sighting.finding.severity is Severity.ERROR
    assert sighting.finding.where.line == broken.__code__.co_firstlineno + 7


def test_a_right_loop_is_met_with_silence():
    with watch(pytest.fail) as seen:
        right()
    assert seen.findings == []


def test_two_optimizers_of_one_model_that_take_turns_are_right():
    model = nn.Linear(3, 1)
    optimizers = torch.optim.Adam(model.parameters()), torch.optim.SGD(model.parameters(), lr=0.1)
    with watch(pytest.fail) as seen:
        for turn in range(8):
            optimizer = optimizers[turn // 2 % 2]
            optimizer.zero_grad()
            model(torch.ones(2, 3)).sum().backward()
            optimizer.step()
    assert seen.findings == []


def test_as_a_call_and_stopped_by_hand():
    seen = watch(lambda finding: None)
    broken()
    assert [s.finding.rule for s in seen.stop()] == ["zero-grad-missing"]
    broken()
    assert len(seen.stop()) == 1, "after its end a watch hears nothing"


def test_a_watch_inside_a_watch_finds_for_itself_and_only_one_prints():
    stderr, untouched = io.StringIO(), nn.Module.__call__
    with redirect_stderr(stderr), watch() as outer:
        right()
        with watch() as inner:
            broken()
        assert nn.Module.__call__ is not untouched, "the outer goes on"
        right()
    assert [s.finding for s in inner.findings] == [s.finding for s in outer.findings]
    assert (len(inner.findings), inner.steps, outer.steps) == (1, 4, 12)
    assert stderr.getvalue().count("error zero-grad-missing") == 1
    assert nn.Module.__call__ is untouched
    with redirect_stderr(stderr), watch():
        broken()
    assert stderr.getvalue().count("error zero-grad-missing") == 2, "another run is told anew"


def test_watches_may_end_in_any_order_and_a_strict_one_may_be_within():
    untouched = nn.Module.__call__
    first, second = watch(lambda finding: None), watch(lambda finding: None, strict=True)
    with pytest.raises(MistakeFoundError):
        broken()
    first.stop()
    assert nn.Module.__call__ is not untouched
    right()
    second.stop()
    assert (first.steps, second.steps) == (2, 6)
    assert nn.Module.__call__ is untouched


def test_paths_are_as_check_gives_them(monkeypatch):
    monkeypatch.chdir(Path(__file__).parent)
    with watch(lambda finding: None) as seen:
        broken()
    assert seen.findings[0].finding.where.path == Path(__file__).name


def test_findings_json_lists_the_objects_of_check_and_more(tmp_path):
    with watch(lambda finding: None, out=tmp_path / "findings.json") as seen:
        broken()
    (entry,) = json.loads((tmp_path / "findings.json").read_text())
    assert entry == {**seen.findings[0].finding.as_json(), "step": 2, "count": 3, "facts": {}}
    assert list(tmp_path.iterdir()) == [tmp_path / "findings.json"]
    with watch(out=tmp_path / "none.json"):
        right()
    assert json.loads((tmp_path / "none.json").read_text()) == []


def test_strict_stops_at_the_event_and_no_except_in_the_loop_hides_it():
    def stubborn() -> None:
        for _ in range(2):
            try:
                broken()
            except Exception:
                pytest.fail("a strict watch was swallowed")

    seen = watch(lambda finding: None, strict=True)
    with pytest.raises(MistakeFoundError, match="zero-grad-missing"):
        stubborn()
    seen.stop(ended=False)
    assert seen.steps == 2
    assert seen.stopped_by is seen.findings[0].finding


def test_the_end_is_heard_where_the_block_ends_and_not_where_it_breaks():
    model = nn.Linear(1, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)

    def gather() -> None:
        for _ in range(2):
            model(torch.ones(1, 1)).sum().backward()

    with watch(lambda finding: None) as seen:
        gather()
    assert [s.finding.rule for s in seen.findings] == ["step-missing"]
    cut = watch(lambda finding: None)
    gather()
    cut.__exit__(KeyError, KeyError(), None)
    assert cut.findings == []
    del optimizer


def test_the_terminal_names_place_rule_and_story():
    stderr = io.StringIO()
    with redirect_stderr(stderr), watch():
        broken()
    first, story, *_ = stderr.getvalue().splitlines()
    assert first.endswith(f"test_watch.py:{broken.__code__.co_firstlineno + 7}: error zero-grad-missing")
    assert "never cleared" in story


def test_a_script_that_imports_torch_later_is_heard_and_left_to_itself(tmp_path):
    result = python(
        """
        import glassloop, sys
        seen = glassloop.watch(out="findings.json")
        assert "torch" not in sys.modules
        import os
        os.environ["OMP_NUM_THREADS"] = "1"     # read while torch loads
        import torch
        assert torch.get_num_threads() == 1
        assert "glassloop" not in type(torch.__loader__).__module__
        assert torch.__spec__.loader is torch.__loader__
        model = torch.nn.Linear(1, 1)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        for _ in range(2):
            model(torch.ones(1, 1)).sum().backward()
        """,
        tmp_path,
    )
    assert result.returncode == 0, result.stderr
    assert "script.py:14: error step-missing" in result.stderr, "told at the end of the process"
    (entry,) = json.loads((tmp_path / "findings.json").read_text())
    assert (entry["rule"], entry["path"], entry["line"]) == ("step-missing", "script.py", 14)


def test_a_script_without_torch_loads_none(tmp_path):
    result = python(
        """
        import sys, glassloop
        with glassloop.watch(): pass
        glassloop.watch().stop()
        assert "torch" not in sys.modules and "numpy" not in sys.modules
        """,
        tmp_path,
    )
    assert (result.returncode, result.stderr) == (0, "")


def test_the_rules_are_the_functions_that_everybody_calls():
    machines = Memory(all_rules())._machines
    assert [m.rule for m in machines] == list(all_rules())
    for machine in machines:
        module = sys.modules[f"glassloop.rules.{machine.rule.name.replace('-', '_')}"]
        assert machine.rule.hear is module.hear
        assert machine._listening._by_kind[next(iter(machine.rule.hears))][0].hear is module.hear


def mixed() -> None:
    """A run with several optimizers, a schedule, an evaluation and three mistakes, which changes its ways midway."""
    first, second = nn.Linear(2, 2), nn.Linear(2, 2)
    optimizers = [torch.optim.SGD(m.parameters(), lr=0.01) for m in (first, second)]
    schedule = torch.optim.lr_scheduler.StepLR(optimizers[0], 1)
    for turn in range(12):
        model, optimizer = (first, optimizers[0]) if turn % 3 else (second, optimizers[1])
        if turn > 6:
            optimizer.zero_grad()
        model(first(torch.ones(1, 2))).sum().backward()
        if turn % 4 == 1:
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            schedule.step()
        if turn > 8:
            optimizer.zero_grad()
        optimizer.step()
        if turn == 5:
            first.eval()


@pytest.mark.parametrize("largest", [4096, 1, 7])
@pytest.mark.parametrize("run", [broken, right, mixed], ids=lambda run: run.__name__)
def test_remembering_changes_nothing(run: Callable[[], None], largest: int, monkeypatch):
    events: list[Event] = []
    tap = listen(events.append)
    run()
    tap.stop()
    monkeypatch.setattr(Memory, "LARGEST", largest)
    memory, plain = Memory(all_rules()), Listening(all_rules())
    for event in events * 2:
        assert sorted(map(repr, memory.hear(event))) == sorted(map(repr, plain.hear(event)))


@pytest.mark.parametrize("run", [broken, right, mixed], ids=lambda run: run.__name__)
def test_an_event_that_comes_again_is_judged_as_a_new_one_is(run: Callable[[], None]):
    events: list[Event] = []
    tap = listen(events.append)
    run()
    tap.stop()
    told = []
    for again in (True, False):
        seen = Watch(lambda finding: None)
        for event in events * 4:
            seen.hear(event if again else event._replace())  # the same object is known; an equal one is asked anew
        told.append([(s.finding.rule, s.finding.where, s.step, s.count) for s in seen.stop()])
    assert told[0] == told[1]
    assert bool(told[0]) == (run is not right)
