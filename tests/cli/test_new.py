"""`glassloop new` and the front page of the command line."""

from collections.abc import Callable
from pathlib import Path

import pytest

from glassloop import __version__, templates
from tests.cli.conftest import Done

Command = Callable[..., Done]


def test_new_copies_and_says_what_to_do_next(command: Command, tmp_path: Path) -> None:
    done = command("new", "digits", "mine")
    assert done.returncode == 0
    assert "cd mine && python train.py" in done.stdout
    assert (tmp_path / "mine" / "task.py").read_text().startswith('"""Handwritten digits')


def test_the_list_describes_templates_and_steps(command: Command) -> None:
    done = command("new", "--list")
    assert done.returncode == 0
    assert all(name in done.stdout for name in ("digits", "spiral", "gan", *templates.rungs()))


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (["new"], "give a template and a new folder"),
        (["new", "digits"], "give a template and a new folder"),
        (["new", "digtis", "mine"], "did you mean digits?"),
        (["new", "digits", "mine", "--loop", "prodction"], "did you mean production?"),
        (["new", "gan", "mine", "--loop", "logged"], "gan has a loop of its own"),
        (["new", "digits", "used"], "not empty (it holds note.txt)"),
        (["new", "digits", "used/note.txt"], "is a file"),
        (["new", "digits", "used/note.txt/below"], "cannot be written"),
        (["new", "digits", "a", "b"], "unexpected extra argument"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(command: Command, tmp_path: Path, words: list[str], part: str) -> None:
    (tmp_path / "used").mkdir()
    (tmp_path / "used" / "note.txt").write_text("mine")
    done = command(*words)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: ")
    assert part in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["used"]


def test_the_front_page_shows_the_front_door(command: Command) -> None:
    done = command("--help")
    assert done.returncode == 0
    assert "Front door" in done.stdout
    assert command("--version").stdout == f"glassloop {__version__}\n"
    for name in ("new", "run"):
        assert "Example:" in command(name, "--help").stdout
