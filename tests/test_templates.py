"""What `glassloop new` copies runs and tests at once, and the ladder's page says what each step adds."""

import ast
import itertools
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from glassloop import templates
from glassloop.errors import UserError

PYTHON = [sys.executable]
QUIET = {**os.environ, "OMP_NUM_THREADS": "1"}


def test_the_ladder_is_in_order() -> None:
    assert list(templates.rungs()) == [
        "five_lines", "validated", "scheduled", "mixed", "accumulated", "averaged", "resumable", "logged", "distributed",
        "production",
    ]  # fmt: skip
    assert {"digits", "spiral"} <= set(templates.tasks())
    assert set(templates.own_loops()) == {"gan", "reinforce"}
    assert all(line.endswith(".") for line in {**templates.tasks(), **templates.rungs()}.values())


def test_the_page_of_differences_is_up_to_date() -> None:
    """`make diffs` writes it again."""
    assert (templates.LOOPS / "DIFFS.md").read_text(encoding="utf-8") == templates.diffs()


def test_each_rung_is_the_one_before_plus_an_idea() -> None:
    """Copies without a tether drift apart: a fix must reach every rung, so most of a rung's lines stay in the next.

    `production` puts the kit's schedule and meter in the place of those that the rungs below have as text.
    """
    ladder = list(templates.rungs())
    for lower, rung in itertools.pairwise(ladder):
        before, after = (_code(name) for name in (lower, rung))
        kept = sum(line in set(after) for line in before) / len(before)
        assert kept > (0.5 if rung == "production" else 0.75), f"{rung} is a rewrite of {lower}: {kept:.0%} of it is left"


def _code(rung: str) -> list[str]:
    """The lines of its train.py without comments and without what it says of itself."""
    module = ast.parse((templates.LOOPS / rung / "train.py").read_text(encoding="utf-8"))
    module.body = module.body[1:]
    return [line.strip() for line in ast.unparse(module).splitlines() if line.strip()]


@pytest.mark.parametrize("loop", list(templates.rungs()))
@pytest.mark.parametrize("task", list(templates.tasks()))
def test_every_copy_is_complete(tmp_path: Path, task: str, loop: str) -> None:
    copied = [path.as_posix() for path in templates.copy(task, tmp_path / "mine", loop)]
    assert copied == [
        ".github/workflows/test.yml",
        ".gitignore",
        "README.md",
        "config.py",
        "requirements.txt",
        "task.py",
        "test_train.py",
        "train.py",
    ]
    assert all((tmp_path / "mine" / name).is_file() for name in copied)
    readme, tests = ((tmp_path / "mine" / name).read_text() for name in ("README.md", "test_train.py"))
    assert "@" not in readme  # no placeholder is left
    assert ("--resume" in readme) == ("--resume" in tests) == (loop in ("resumable", "logged", "distributed", "production"))


@pytest.mark.parametrize("name", list(templates.own_loops()))
def test_a_template_with_a_loop_of_its_own(tmp_path: Path, name: str) -> None:
    copied = {path.as_posix() for path in templates.copy(name, tmp_path / "mine")}
    shared = {".github/workflows/test.yml", ".gitignore", "README.md", "requirements.txt", "test_train.py"}
    assert copied == shared | {"config.py", "task.py", "train.py"} == shared | set(templates.sources(name))
    assert "@" not in (tmp_path / "mine" / "README.md").read_text()
    with pytest.raises(UserError, match=f"{name} has a loop of its own, .* validated; leave --loop out"):
        templates.copy(name, tmp_path / "other", "validated")
    assert not (tmp_path / "other").exists()


@pytest.mark.full
@pytest.mark.parametrize("name", list(templates.own_loops()))
def test_a_loop_of_its_own_passes_its_own_tests(tmp_path: Path, name: str) -> None:
    templates.copy(name, tmp_path / "mine")
    _pass_own_tests(tmp_path / "mine")


def test_the_copy_of_the_lowest_rung_passes_its_own_tests(tmp_path: Path) -> None:
    templates.copy("spiral", tmp_path / "mine", "five_lines")
    _pass_own_tests(tmp_path / "mine")


@pytest.mark.full
@pytest.mark.parametrize("loop", list(templates.rungs())[1:])
@pytest.mark.parametrize("task", list(templates.tasks()))
def test_every_copy_passes_its_own_tests(tmp_path: Path, task: str, loop: str) -> None:
    templates.copy(task, tmp_path / "mine", loop)
    _pass_own_tests(tmp_path / "mine")


def _pass_own_tests(folder: Path) -> None:
    words = [*PYTHON, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, env=QUIET)
    assert done.returncode == 0, done.stdout


def test_names_are_suggested() -> None:
    with pytest.raises(UserError, match="no template is called digts; did you mean digits"):
        templates.sources("digts")
    with pytest.raises(UserError, match="no step of the ladder is called prodution; did you mean production"):
        templates.sources("digits", "prodution")


def test_a_folder_in_use_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(UserError, match=r"not empty \(it holds mine.txt\)"):
        templates.copy("digits", tmp_path)
    with pytest.raises(UserError, match="is a file"):
        templates.copy("digits", tmp_path / "mine.txt")
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]
    templates.copy("digits", tmp_path / "deep" / "empty")


def test_reading_templates_loads_neither_torch_nor_numpy() -> None:
    code = (
        "import json, sys; from glassloop import templates as t; t.diffs(); t.tasks()\n"
        "print(json.dumps(sorted({'torch', 'numpy'} & set(sys.modules))))"
    )
    done = subprocess.run([*PYTHON, "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == []
