"""Real trainings, recorded: the planted fault of each is found and named, and honest ones fail nothing."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from glassloop.audit import Report, audit

HONEST = ("honest", "weighted", "workers")
NORMED = "normed"  # a bias before a batch-norm, by SGD: its gradient is rounding
FAULTS = ("copies", "twice", "class", "detached", "frozen")
Audits = Callable[[str], Report]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a run of each name, all made by one process."""
    folder = tmp_path_factory.mktemp("recorded")
    script = shutil.copy(Path(__file__).with_name("faulty.py"), folder / "train.py")
    surroundings = {**os.environ, "OMP_NUM_THREADS": "1"}
    command = [sys.executable, script, *HONEST, NORMED, *FAULTS]
    done = subprocess.run(command, cwd=folder, env=surroundings, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr
    return folder


def failing(report: Report) -> dict[str, str]:
    return {check.name: check.answer.says for check in report.checks if check.answer.verdict == "fails"}


@pytest.mark.parametrize("name", HONEST)
def test_an_honest_run_fails_nothing(home: Path, name: str) -> None:
    report = audit(home / name)
    assert failing(report) == {}
    sure = "record-whole coverage validation-apart training-repeats parameters-moved read-in-source"
    for check in sure.split():
        assert report[check].answer.verdict == "holds", report[check].answer
    sampled = "unknown" if name == "weighted" else "holds"  # its repeats are meant: said, not failed
    assert (report["seen-once"].answer.verdict, report["class-balance"].answer.verdict) == (sampled, sampled)


def test_twenty_copies_across_the_split(home: Path) -> None:
    found = failing(audit(home / "copies"))
    assert list(found) == ["validation-apart"]
    assert "20 of the 380 samples of loader 1 (val)" in found["validation-apart"]


def test_a_sample_seen_twice_and_one_never(home: Path) -> None:
    found = failing(audit(home / "twice"))
    assert list(found) == ["seen-once"]
    assert "pass 2 (steps 24 to 46): index 8 was drawn 2 times, and 1 not at all (7)" in found["seen-once"]


def test_a_class_under_sampled_in_one_epoch(home: Path) -> None:
    found = failing(audit(home / "class"))
    assert list(found) == ["class-balance"]
    assert "pass 2: class 3 is under-sampled" in found["class-balance"]


def test_a_layer_that_never_moves(home: Path) -> None:
    report = audit(home / "detached")
    assert list(failing(report)) == ["parameters-moved"]
    assert report["parameters-moved"].answer.facts["unmoved_though_held"] == ["middle.bias", "middle.weight"]


def test_a_bias_before_a_normalization_is_no_fault(home: Path) -> None:
    report = audit(home / NORMED)
    assert failing(report) == {}
    facts = report["parameters-moved"].answer.facts
    assert facts.get("gradient_too_small") in ([], ["body.bias"])


def test_a_layer_that_was_declared_frozen_is_named_and_not_judged(home: Path) -> None:
    report = audit(home / "frozen")
    assert failing(report) == {}
    assert report["parameters-moved"].answer.facts["declared_frozen"] == ["middle.bias", "middle.weight"]
    assert "declared frozen" in report["parameters-moved"].answer.says


def test_a_copy_in_the_training_data_is_named(home: Path, tmp_path: Path) -> None:
    """By the digest of its bytes, though its index is another and its label wrong."""
    run = shutil.copytree(home / "honest", tmp_path / "run")
    lines = [json.loads(line) for line in (run / "data" / "loader-0.jsonl").read_text().splitlines()]
    lines[3] |= {"d": lines[9]["d"], "y": (lines[9]["y"] + 1) % 10}
    (run / "data" / "loader-0.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    report = audit(run)
    assert "1 of 1,437 training samples are exact copies of another, 1 of them under different labels" in (
        report["training-repeats"].answer.says
    )
    assert list(failing(report)) == ["record-whole"]  # the file is no longer what the rows vouch for


def test_the_commands_write_reports_load_no_torch_and_tell_by_their_exit_codes(home: Path) -> None:
    code = """
import io, json, sys
from contextlib import redirect_stdout
from glassloop.cli import main
codes = {}
for words in (["audit", "honest", "-o", "a.html"], ["audit", "honest", "-o", "a.md"], ["audit", "copies", "-o", "a.json"],
              ["audit", "copies", "--format", "json"], ["audit", "nothing"], ["audit", "honest", "-o", "a.doc"],
              ["compare", "honest", "honest"], ["compare", "honest", "weighted", "-o", "c.html"],
              ["compare", "honest", "."]):
    sys.argv[1:] = words
    with redirect_stdout(io.StringIO()) as out:
        try:
            main()
        except SystemExit as end:
            codes[" ".join(words)] = end.code
    if "json" in words:
        assert json.loads(out.getvalue())["ok"] is False
print(json.dumps([list(codes.values()), sorted({"torch", "numpy"} & set(sys.modules))]))
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=home, capture_output=True, text=True, timeout=600)
    codes, loaded = json.loads(done.stdout.splitlines()[-1])
    assert codes == [0, 0, 1, 1, 2, 2, 0, 1, 2], done.stderr
    assert set(loaded) <= {"numpy"}  # by matplotlib, which draws the curves
    page, text = (home / "a.html").read_text(), (home / "a.md").read_text()
    for words in ("What a record cannot prove", "who held the key", "Is each training sample seen once in each epoch?"):
        assert words.lower() in page.lower()
        assert words.lower() in text.lower()
    assert json.loads((home / "a.json").read_text())["format"] == "glassloop-audit/1"
    assert "data order" not in (home / "c.html").read_text()
    assert done.stderr.count("error: ") == 3
