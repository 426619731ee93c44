"""Practice: the run decides. A right answer of every question is accepted, a wrong one refused (a sample in CI)."""

from __future__ import annotations

import dataclasses
import json
import os
import select
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from glassloop import rules
from glassloop.errors import UserError
from glassloop.lab.practice import KINDS, Question, Stage, all_questions, by_id, progress, scripts
from glassloop.lab.practice.lines import LineQuestion
from glassloop.lab.practice.wiring import LoaderQuestion

QUESTIONS = all_questions()
QUICK = {
    "line-zero-grad-missing", "line-right-1", "line-five_lines-zero-grad-missing", "happens-twice-through-a-graph",
    "happens-scheduler-before-optimizer", "happens-zero-grad-missing", "number-cosine-comes-back",
    "loader-repeatable", "loader-workers", "loader-rare",
}  # fmt: skip


@pytest.fixture(scope="module")
def stage() -> Stage:
    return Stage()


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path / "state"))
    return tmp_path / "state" / "glassloop" / "practice.json"


def every(question: Question) -> object:
    marks = () if question.id in QUICK else (pytest.mark.full,)
    return pytest.param(question, id=question.id, marks=marks)


@pytest.mark.parametrize("question", [every(q) for q in QUESTIONS])
def test_the_right_answer_is_accepted_and_a_wrong_one_refused(question: Question, stage: Stage):
    right = question.judge(question.solve(stage), stage)
    wrong = question.judge(question.miss(stage), stage)
    assert right.right, right.why
    assert not wrong.right, wrong.why
    assert len(right.why) > 15
    assert len(wrong.why) > 15
    json.dumps([right.evidence, wrong.evidence])


def test_there_are_questions_of_every_kind_easy_to_hard():
    assert len(QUESTIONS) >= 30
    assert {q.kind for q in QUESTIONS} == set(KINDS)
    levels = [q.level for q in QUESTIONS]
    assert levels == sorted(levels)
    assert {*levels} == {1, 2, 3, 4, 5}
    assert max(Counter(q.id for q in QUESTIONS).values()) == 1
    assert "# expect" not in "".join(q.code for q in QUESTIONS)


def test_a_new_rule_gives_new_questions(monkeypatch: pytest.MonkeyPatch):
    known = rules.all_rules()
    new = dataclasses.replace(known[0], name="brand-new")
    for module in ("lab.practice.lines", "lab.practice.predictions", "lab.practice.orders", "check"):
        monkeypatch.setattr(f"glassloop.{module}.all_rules", lambda: (*known, new))
    assert {q.id for q in all_questions()} - {q.id for q in QUESTIONS} >= {"line-brand-new", "happens-brand-new"}


@pytest.mark.parametrize("rule", rules.all_rules(), ids=lambda rule: rule.name)
def test_the_line_that_a_rule_labels_is_the_one_asked_for(rule: rules.Rule):
    """The label is a person's: the run must not be the only one to say which line is wrong."""
    question = by_id(f"line-{rule.name}")
    assert isinstance(question, LineQuestion)
    line = scripts.label(rule.bad)
    assert line
    assert question.code.splitlines()[line - 1] == rule.bad.splitlines()[line - 1].split("  # expect")[0].rstrip()


def test_another_order_that_trains_the_same_is_right_too(stage: Stage):
    """In five_lines the gradients may be cleared before or after the forward."""
    question = by_id("order-five_lines")
    letters = {piece.split("(")[0].split(" =")[0]: letter for letter, piece in question.choices}
    order = [letters[name] for name in ("batch", "loss, _", "optimizer.zero_grad", "loss.backward", "optimizer.step")]
    verdict = question.judge(" ".join(order), stage)
    assert verdict.right, verdict.why
    assert verdict.why.startswith("Another order")
    order = [letters[name] for name in ("batch", "loss, _", "loss.backward", "optimizer.zero_grad", "optimizer.step")]
    verdict = question.judge("".join(order), stage)
    assert not verdict.right
    assert "zero-grad-between-backward-and-step" in verdict.why


def test_an_answer_that_hangs_or_dies_is_a_wrong_answer(stage: Stage):
    question = by_id("loader-train")
    stage("nothing")  # torch is loaded from here on
    hangs = question.judge("batch_size=[x for x in iter(int, 1)]", Stage(seconds=4))
    dies = question.judge("batch_size=__import__('os')._exit(7)", Stage())
    assert not hangs.right
    assert "4 s" in hangs.why
    assert not dies.right
    assert "exit code 7" in dies.why


def test_many_right_answers_of_a_loader(stage: Stage):
    question = by_id("loader-train")
    assert isinstance(question, LoaderQuestion)
    for answer in ("4, True", "batch_size=4, sampler=torch.utils.data.RandomSampler(dataset)"):
        assert question.judge(answer, stage).right, answer
    assert not question.judge("batch_size=5, shuffle=True", stage).right


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("line-zero-grad-missing", "twelve"), ("line-zero-grad-missing", "99"), ("line-zero-grad-missing", "-1"),
        ("order-five_lines", "a b"), ("order-five_lines", "a a b c d"), ("happens-zero-grad-missing", ""),
        ("number-gradients-add", "four"), ("number-gradients-add", "nan"), ("loader-train", "batch_size="),
        ("loader-train", "batch_size=4) + print("),
    ],
)  # fmt: skip
def test_what_is_no_answer_is_said_before_anything_runs(name: str, answer: str):
    with pytest.raises(UserError):
        by_id(name).judge(answer, None)  # type: ignore[arg-type]  # nothing is run


def test_making_the_questions_loads_neither_torch_nor_numpy():
    code = (
        "import sys; from glassloop.lab.practice import all_questions; all_questions(); "
        "print({'torch', 'numpy'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_progress_is_kept(state: Path):
    kept = progress.load()
    kept.add("a", False)
    kept.add("a", True)
    kept.add("a", False)
    again = progress.load()
    assert (again.has("a"), again.tries("a"), again.has("b"), again.path) == (True, 3, False, state)


@pytest.mark.parametrize("text", ["{", "[]", '{"version": 2, "answered": {}}', '{"version": 1, "answered": {"a": 1}}'])
def test_a_damaged_file_is_put_aside_and_said(state: Path, text: str):
    state.parent.mkdir(parents=True)
    state.write_text(text)
    kept = progress.load()
    assert "damaged" in kept.note
    assert state.with_name("practice.json.damaged-1").read_text() == text
    kept.add("a", True)
    assert progress.load().has("a")


def run(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "glassloop", "practice", *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=900, stdin=subprocess.DEVNULL)


def test_the_command_in_a_pipe(state: Path):
    right = run("--question", "number-gradients-add", "--answer", "4", "--format", "json")
    assert (right.returncode, json.loads(right.stdout)["right"]) == (0, True)
    wrong = run("--question", "number-gradients-add", "--answer", "2")
    assert wrong.returncode == 1
    assert wrong.stdout.startswith("wrong. The run shows 4")
    assert "zero-grad (event)" in wrong.stdout
    listed = {q["id"]: q for q in json.loads(run("--list", "--format", "json").stdout)}
    assert (listed["number-gradients-add"]["answered"], listed["number-gradients-add"]["tries"]) == (True, 2)
    assert len(listed) == len(QUESTIONS)
    shown = run()
    assert shown.returncode == 0
    assert "--answer" in shown.stdout
    assert json.loads(state.read_text())["answered"] == {"number-gradients-add": {"right": True, "tries": 2}}


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo-terminals in Python's library")
def test_a_session_on_a_terminal(state: Path):
    """A wrong answer and a right one to the same question, then the person leaves."""
    import pty

    terminal, child = pty.openpty()
    command = [sys.executable, "-m", "glassloop", "practice", "--kind", "number", "--level", "1"]
    process = subprocess.Popen(command, stdin=child, stdout=child, stderr=child)
    os.close(child)
    screen = ""
    for wanted, typed in (("> ", "2"), ("explains it", "4"), ("explains it", "q"), ("Kept", "")):
        while wanted not in screen:
            assert select.select([terminal], [], [], 120)[0], screen
            screen += os.read(terminal, 4096).decode(errors="replace")
        screen = ""
        os.write(terminal, f"{typed}\n".encode())
    assert process.wait(60) == 0
    assert json.loads(state.read_text())["answered"] == {"number-gradients-add": {"right": True, "tries": 2}}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--question", "nubmer-gradients-add"], "did you mean number-gradients-add"),
        (["--answer", "4"], "--question"),
        (["--question", "number-gradients-add", "--answer", "x"], "'x' is no number"),
        (["--kind", "loader", "--level", "5"], "--list"),
    ],
)
def test_wrong_usage_ends_in_one_line(words: list[str], said: str):
    done = run(*words)
    assert done.returncode == 2
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_state_folder_that_cannot_be_written_costs_the_progress_only(tmp_path: Path):
    (tmp_path / "state").write_text("a file where a folder should be")
    done = run("--question", "number-gradients-add", "--answer", "4")
    assert done.returncode == 0
    assert "not kept" in done.stderr
