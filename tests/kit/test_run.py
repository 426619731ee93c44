"""The folder of a run: nothing in it is overwritten, and what a crash leaves is whole."""

import json
import os

import pytest

from glassloop.errors import UserError
from glassloop.kit import checkpoint
from glassloop.kit.progress import to_stderr
from glassloop.kit.run import clear_errors, open_run


@pytest.fixture
def begin(tmp_path):
    script = tmp_path / "train.py"
    script.write_text("print('trained')\n")

    def begin(folder=tmp_path / "run", resume=False, config=None):
        config = config or {"seed": 3}
        run = open_run(folder, "tiny", resume=resume)
        run.begin(config=config, data={"train": 4}, sources=[script])
        return run

    return begin


def row(epoch, loss=1.0):
    return {"epoch": epoch, "train_loss": loss, "val_loss": loss, "lr": 0.1}


def test_a_run_from_beginning_to_end(begin, tmp_path):
    run = begin()
    run.add_history(row(1))
    run.add_history(row(2, 0.5))
    run.close({"val_loss": 0.5})
    record = json.loads((run.folder / "run.json").read_text())
    assert record["status"] == "finished"
    assert record["seed"] == 3
    assert record["final"] == {"val_loss": 0.5}
    assert (run.folder / "source" / "train.py").read_text() == "print('trained')\n"
    assert json.loads((run.folder / "history.json").read_text()) == [row(1), row(2, 0.5)]
    assert (run.folder / "report.html").stat().st_size > 1000
    assert run.checkpoints == tmp_path / "run" / "checkpoints"


def test_an_existing_run_is_refused(begin):
    begin().add_history(row(1))
    with pytest.raises(UserError, match="already holds a run; add --resume to go on with it, or give another --run-dir"):
        begin()
    assert begin(resume=True).history == [row(1)]


def test_checkpoints_without_a_history_are_a_run_too(begin, tmp_path):
    (tmp_path / "run" / "checkpoints" / "step-00000001").mkdir(parents=True)
    assert checkpoint.exists(tmp_path / "run" / "checkpoints")
    with pytest.raises(UserError, match="already holds a run"):
        begin()


def test_default_folders_are_numbered(begin, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = [str(begin(folder=None).folder) for _ in range(2)]
    assert names == [os.path.join("runs", "tiny-001"), os.path.join("runs", "tiny-002")]
    assert begin(folder=None, resume=True).folder.name == "tiny-002"


def test_history_is_rewritten_whole(begin, monkeypatch):
    run = begin()
    for epoch in (1, 2):
        run.add_history(row(epoch))
    file = run.folder / "history.json"

    def full(*_args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(UserError, match="No space left on device"):
        run.add_history(row(3))
    monkeypatch.undo()
    assert [entry["epoch"] for entry in json.loads(file.read_text())] == [1, 2]
    assert not [path for path in run.folder.iterdir() if path.name.endswith(".tmp")]


def test_what_is_made_again_is_dropped(begin):
    run = begin()
    for epoch in (1, 2, 3):
        run.add_history(row(epoch))
    run.drop_history_from(1)
    run.add_history(row(2, 0.25))
    assert json.loads((run.folder / "history.json").read_text()) == [row(1), row(2, 0.25)]


def test_figures_that_json_cannot_hold_are_null(begin):
    run = begin()
    run.add_history({"epoch": 1, "val_loss": float("nan"), "grad_norm": float("inf"), "lr": 0.1})
    text = (run.folder / "history.json").read_text()
    assert json.loads(text, parse_constant=pytest.fail) == [{"epoch": 1, "val_loss": None, "grad_norm": None, "lr": 0.1}]


def test_a_history_that_is_no_json_any_more(begin):
    run = begin()
    (run.folder / "history.json").write_text("[{")
    with pytest.raises(UserError, match=r"history.json is not JSON any more; move it away, then --resume"):
        begin(resume=True)


def test_a_folder_that_cannot_be_written(begin, tmp_path):
    (tmp_path / "file").write_text("in the way")
    for folder in (tmp_path / "file", tmp_path / "file" / "run"):
        with pytest.raises(UserError, match="cannot be written") as caught:
            begin(folder=folder)
        assert "give another --run-dir" in str(caught.value)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (UserError("it is wrong; do it right"), 2, "error: it is wrong; do it right\n"),
        (KeyboardInterrupt(), 130, "stopped at once; --resume goes on from the last checkpoint\n"),
    ],
)
def test_errors_are_one_line_and_a_code(monkeypatch, capsys, error, code, said):
    monkeypatch.delenv("GLASSLOOP_DEBUG", raising=False)
    with pytest.raises(SystemExit) as caught, clear_errors():
        raise error
    assert caught.value.code == code
    assert capsys.readouterr().err == said


def test_debug_shows_where_it_was_raised(monkeypatch):
    monkeypatch.setenv("GLASSLOOP_DEBUG", "1")
    with pytest.raises(UserError), clear_errors():
        raise UserError("it is wrong")


def test_what_is_no_error_passes():
    with clear_errors():
        to_stderr("note: well")
    with pytest.raises(ZeroDivisionError), clear_errors():
        raise ZeroDivisionError  # a mistake of the owner's code keeps its traceback
