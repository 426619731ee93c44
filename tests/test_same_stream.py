"""One stream, two ears: what the tap hears of a real run is what the reader says of one of the text's paths.

Every BAD and GOOD example of the rules and every third style of the cases (`make full`: every case) is run for real, once,
in this process. Its stream must equal one path of the reader's, event by event (kind, line, role of the object), and both
must come to the same findings. The loops of the cases run as often as the reader unrolls them.
"""

from __future__ import annotations

import importlib.util
import io
import linecache
import random
import re
import sys
import types
from collections.abc import Iterable
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import NamedTuple

import pytest
import torch
from _pytest.mark.structures import ParameterSet

from glassloop.check import Report, check_paths
from glassloop.events import END, ONLY_HEARD, ONLY_READ, Event
from glassloop.findings import Finding, Where
from glassloop.rules import Listening, Rule, all_rules, rules_of_both, rules_of_runs
from glassloop.tap import Spot, laps, resolve
from glassloop.watch import Watch
from tests.cases import labels

Said = tuple[str, str, int, str]  # kind, file, line, role of the object
FRAMEWORKS = ("accelerate", "ignite", "lightning", "lightning_fabric", "pytorch_lightning", "transformers")

# Where the two ears cannot say the same, and why. Nothing else may differ, and what no longer differs must leave this list.
STREAM_DIFFERS = {
    "right/full_batch_of_unknown_data.py": "one batch in the run; of data whose size is unknown the reader plays two",
    "right/gradients_in_one_buffer.py": "the run sees that the buffer is cleared; the reader only that it may have been",
    "right/lbfgs_closure.py": "the optimizer calls its closure as often as the numbers want; the reader plays it once",
    "right/meta_learning.py": "gradients put in by hand may be views of one buffer, which the reader cannot see cleared",
    "right/sampler_evaluated_within.py": "the run leaves its evaluation early; the reader unrolls all of it",
    "zero-grad-missing/bare_tensors_ok.py": "a plain tensor's lost gradient is found at the next backward",
    "right/monte_carlo_dropout.py": "a loop over the layers of a model runs once; the reader, which sees none, twice",
}
_UPDATES = sorted((labels.HERE / "scaler-update-missing").glob("*_bad.py"))
STREAM_DIFFERS |= dict.fromkeys(
    ["scaler-update-missing bad", *(f"scaler-update-missing/{path.name}" for path in _UPDATES)],
    "a scaler's second step without an update raises in the run; the reader goes on",
)
STREAM_DIFFERS |= dict.fromkeys(
    [
        *("checkpoint-incomplete bad", "checkpoint-incomplete good", "right/best_weights_beside_full_checkpoint.py"),
        *(f"checkpoint-incomplete/{path.name}" for path in (labels.HERE / "checkpoint-incomplete").glob("*.py")),
    ],
    "a branch that does nothing but load is played, whether or not there is a file to load in the run",
)
STREAM_DIFFERS |= dict.fromkeys(
    (
        *(f"scheduler-per-batch/literal_{name}.py" for name in ("decay_bad", "decay_ok", "milestones_bad", "milestones_ok")),
        "right/steps_in_plain_numbers.py",
    ),
    "decays in plain numbers need a run of many epochs, of which the reader plays two",
)
STREAM_DIFFERS |= dict.fromkeys(
    (f"detached-loss/functional_call_{kind}.py" for kind in ("bad", "ok")),
    "a model that is called with other parameters than its own is no forward of its optimizer's to the reader",
)
RAISES = {"removed-api bad": TypeError}  # this is what the rule is about
STREAM_DIFFERS |= dict.fromkeys(
    [
        *(f"accumulation-not-averaged/argparse_long_{kind}.py" for kind in ("bad", "ok")),
        *(f"accumulation-tail-dropped/dataclass_long_{kind}.py" for kind in ("bad", "ok")),
        *(f"train-mode-missing/islice_of_cycle_{kind}.py" for kind in ("bad", "ok")),
        *("right/layer_first_used_late.py", "right/sparse_mixture.py"),
    ],
    "more batches than are unrolled",
)
# What a run can find on an accelerator alone; tests/tap/test_waiting.py lets the CPU stand for one.
ELSEWHERE = {"sync-every-step"}
FINDINGS_DIFFER: dict[str, str] = {
    "scheduler-per-epoch/counted_batches_bad.py": "a run hears the end of a pass over a loader, not of any other loop",
    "eval-mode-missing/functional_dropout_bad.py": "a run sees layers that mind the mode, not the functions in a forward",
}


class Recorded(Watch):
    """A watch that keeps the stream."""

    def __init__(self) -> None:
        self.stream: list[Event] = []
        super().__init__(lambda finding: None)

    def hear(self, event: Event) -> None:
        self.stream.append(event)
        super().hear(event)


class Run(NamedTuple):
    """What came of running a script."""

    stream: list[Said]
    findings: set[tuple[str, str, int]]  # of rules that both ears can tell
    more: set[tuple[str, str, int]]  # of those that only a run can


def run(main: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a script as `__main__` in a fresh namespace, watched, with its folder first on the path."""
    module = types.ModuleType("__main__")
    module.__file__ = str(main)
    loaded = set(sys.modules)
    labels.forget_accelerate()
    monkeypatch.setitem(sys.modules, "__main__", module)
    monkeypatch.setattr(sys, "argv", [str(main)])
    monkeypatch.syspath_prepend(str(main.parent))
    random.seed(0)
    torch.manual_seed(0)
    linecache.checkcache(str(main))
    monkeypatch.setattr(laps, "crowded", lambda: False)  # whatever else the machine does that the tests run on
    seen = Recorded()
    try:
        with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
            exec(compile(main.read_bytes(), str(main), "exec"), module.__dict__)
    finally:
        seen.stop()
        torch.set_grad_enabled(True)
        for name in set(sys.modules) - loaded:  # a neighbour's module of the same name comes next
            if str(getattr(sys.modules[name], "__file__", "")).startswith(str(main.parent)):
                del sys.modules[name]
    found = [s.finding for s in seen.findings]
    more = {(Path(f.where.path).name, f.rule, f.where.line) for f in found if f.rule in labels.ONLY_RUN - busy(main)}
    stream = [said(e) for e in seen.stream if e.kind != END and e.kind not in ONLY_HEARD | ONLY_READ]
    return Run(stream, places(found), more)


def busy(main: Path) -> set[str]:
    """What a busy machine may make true of a script that is not labelled for it: its workers do not keep up."""
    return {"loader-starves"} - {rule for rule, _ in labels.expected(main)}


def said(event: Event) -> Said:
    """An event of either ear, as both can tell it."""
    where = resolve(event.at) if isinstance(event.at, Spot) else event.at
    assert isinstance(where, Where), f"{event.kind} came from no line of the user's"
    return event.kind, Path(where.path).name, where.line, event.what.role if event.what else ""


def places(findings: list[Finding]) -> set[tuple[str, str, int]]:
    """The findings of rules that both ears can tell."""
    both = {rule.name for rule in rules_of_both()} - ELSEWHERE
    return {(Path(f.where.path).name, f.rule, f.where.line) for f in findings if f.rule in both}


def paths_of(report: Report) -> list[list[Said]]:
    """The streams of all paths of the scripts that were played."""
    return [
        [said(event) for event in path.events if event.kind != END and event.kind not in ONLY_READ]
        for play in report.plays
        if play.root.function is None
        for path in play.paths
    ]


def nearest(stream: list[Said], paths: list[list[Said]]) -> list[Said]:
    """Of the reader's paths the one that goes along the longest with the run."""

    def shared(path: list[Said]) -> int:
        return next((i for i, (a, b) in enumerate(zip(stream, path, strict=False)) if a != b), min(len(stream), len(path)))

    return max(paths, key=shared, default=[])


def compare(main: Path, files: list[Path], name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The test itself."""
    real = run(main, monkeypatch)
    report = check_paths(files, keep=True)
    expected = {(path.name, rule, line) for path in files for rule, line in labels.expected(path)}
    assert real.more == {found for found in expected if found[1] in labels.ONLY_RUN}
    # Such a mistake may need more steps than are played.
    if real.more or name.replace("/", " ").split()[0] in labels.ONLY_RUN:
        assert real.findings == places(report.findings)
        return
    paths = paths_of(report)
    if name in STREAM_DIFFERS:
        assert real.stream not in paths, f"they agree now; take {name} off the list"
    elif report.plays and real.stream not in paths:  # a text that trains nothing is not played
        assert real.stream == nearest(real.stream, paths)  # shows where they part
    if name in FINDINGS_DIFFER:
        assert real.findings != places(report.findings), f"they agree now; take {name} off the list"
    else:
        assert real.findings == places(report.findings)


def needs(path: Path) -> list[str]:
    """Frameworks that a script imports and that are not installed here."""
    text = path.read_text(encoding="utf-8")
    wanted = [f for f in FRAMEWORKS if re.search(rf"^\s*(import|from)\s+{f}\b", text, re.MULTILINE)]
    return [f for f in wanted if importlib.util.find_spec(f) is None]


def case_name(path: Path) -> str:
    return path.relative_to(labels.HERE).as_posix()


def marked(cases: list[labels.Case]) -> list[ParameterSet]:
    """Every third style of each rule, with its twin, runs each time; the others where there is more time."""
    found = []
    styles: dict[Path, list[str]] = {}
    for case in cases:
        style = case.path.stem.removesuffix("_bad").removesuffix("_ok")
        seen = styles.setdefault(case.path.parent, [])
        if style not in seen:
            seen.append(style)
        marks = [] if seen.index(style) % 3 == 0 else [pytest.mark.full]
        found.append(pytest.param(case, id=case_name(case.path), marks=marks))
    return found


@pytest.mark.parametrize("case", marked(labels.load()))
def test_case(case: labels.Case, monkeypatch: pytest.MonkeyPatch):
    compare(case.path, [case.path], case_name(case.path), monkeypatch)


@pytest.mark.parametrize("program", labels.load_programs(), ids=lambda program: program.main.parent.name)
def test_program_of_several_files(program: labels.Program, monkeypatch: pytest.MonkeyPatch):
    compare(program.main, [*program.paths], case_name(program.main.parent), monkeypatch)


@pytest.mark.parametrize("case", labels.load(labels.FRAMEWORKS), ids=lambda case: case_name(case.path))
def test_findings_in_a_framework(case: labels.Case, monkeypatch: pytest.MonkeyPatch):
    """Inside a framework's loop the reader abstains where the tap need not: the run finds what the label says."""
    missing = needs(case.path)
    if missing:
        pytest.skip(f"{', '.join(missing)} is not installed: an optional part of these tests")
    heard = {rule.name for rule in rules_of_runs()}
    expected = {(rule, line) for rule, line in case.expected if rule in heard}
    real = run(case.path, monkeypatch)
    assert {(rule, line) for _, rule, line in real.findings | real.more} == expected


@pytest.mark.parametrize("kind", ["bad", "good"])
@pytest.mark.parametrize("rule", all_rules(), ids=lambda rule: rule.name)
def test_example(rule, kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    script = tmp_path / f"{kind}.py"
    script.write_text(getattr(rule, kind), encoding="utf-8")
    if f"{rule.name} {kind}" in RAISES:
        with pytest.raises(RAISES[f"{rule.name} {kind}"]):
            run(script, monkeypatch)
        return
    compare(script, [script], f"{rule.name} {kind}", monkeypatch)


def test_check_and_watch_call_the_same_function_of_each_rule(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """What each ear hands its machines is recorded: the very `hear` of the rule's file, in both, and all of them."""
    handed: dict[str, set[object]] = {"check": set(), "watch": set()}
    ear = ""
    names = {rule.name for rule in rules_of_both()}
    begin = Listening.__init__

    def recorded(self: Listening, rules: Iterable[Rule], *more: list[Event] | None) -> None:
        rules = list(rules)
        handed[ear].update(rule.hear for rule in rules if rule.name in names)
        begin(self, rules, *more)

    monkeypatch.setattr(Listening, "__init__", recorded)
    script = tmp_path / "script.py"
    both = rules_of_both()
    script.write_text(both[0].bad, encoding="utf-8")
    ear = "check"
    found = check_paths([script], select=[rule.name for rule in both]).findings
    ear = "watch"
    assert run(script, monkeypatch).findings == places(found) != set()
    files = [sys.modules[f"glassloop.rules.{rule.name.replace('-', '_')}"] for rule in both]
    assert handed["check"] == handed["watch"] == {file.hear for file in files}
