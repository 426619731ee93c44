"""Every field is a flag; a resumed run starts from the settings it was begun with."""

import json
from dataclasses import dataclass
from pathlib import Path

import pytest

from glassloop.errors import UserError
from glassloop.kit.settings import as_json, read_settings


@dataclass
class Config:
    """Settings of a loop."""

    epochs: int = 20  # passes over the data
    lr: float = 1e-3  # highest learning rate
    workers: int | None = None
    compile: bool = False
    run_dir: Path | None = None
    resume: bool = False
    stop_at: int | None = None


DEFAULTS = {"epochs": 25}


def read(*args):
    return read_settings(Config, DEFAULTS, "digits", [str(arg) for arg in args])


def stored(folder, config, latest=None):
    folder.mkdir(parents=True)
    (folder / "run.json").write_text(json.dumps({"config": config}))
    if latest is not None:
        step = folder / "checkpoints" / "step-00000003"
        step.mkdir(parents=True)
        (step / "config.json").write_text(json.dumps(latest))
    return folder


def test_defaults_of_the_task_come_before_those_of_the_loop():
    assert read() == Config(epochs=25)
    assert read("--epochs", 3, "--lr", "0.5", "--workers", 2, "--compile", "--run-dir", "x") == Config(
        epochs=3, lr=0.5, workers=2, compile=True, run_dir=Path("x")
    )


def test_resume_takes_the_stored_ones_and_flags_override_them(tmp_path):
    folder = stored(
        tmp_path / "run", {"epochs": 7, "lr": 0.3, "workers": 2, "stop_at": 5, "resume": False, "run_dir": "old"}
    )
    assert read("--run-dir", folder, "--resume") == Config(epochs=7, lr=0.3, workers=2, run_dir=folder, resume=True)
    found = read("--run-dir", folder, "--resume", "--workers", 0, "--stop-at", 9)
    assert found == Config(epochs=7, lr=0.3, workers=0, run_dir=folder, resume=True, stop_at=9)
    assert read("--run-dir", folder) == Config(epochs=25, run_dir=folder)  # not asked for: not taken


def test_a_checkpoint_knows_better_than_a_session_that_left_none(tmp_path):
    """Begun with one rate and killed before it saved; begun again with another, which the checkpoint has."""
    folder = stored(tmp_path / "run", {"epochs": 7, "lr": 0.3}, latest={"epochs": 7, "lr": 0.1})
    assert read("--run-dir", folder, "--resume").lr == 0.1
    (folder / "checkpoints" / "step-00000003" / "config.json").write_text("{")
    assert read("--run-dir", folder, "--resume").lr == 0.3


def test_resume_without_a_folder_takes_the_newest(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name, lr in (("digits-001", 0.1), ("digits-002", 0.2), ("spiral-009", 0.9)):
        stored(tmp_path / "runs" / name, {"lr": lr})
    assert read("--resume").lr == 0.2


@pytest.mark.parametrize("text", [None, "", "{", "[]", "{}", '{"config": null}', '{"config": {"unknown": 1, "other": []}}'])
def test_nothing_stored_or_nothing_of_use(tmp_path, text):
    folder = tmp_path / "run"
    folder.mkdir()
    if text is not None:
        (folder / "run.json").write_text(text)
    assert read("--run-dir", folder, "--resume") == Config(epochs=25, run_dir=folder, resume=True)


def test_json_can_hold_them():
    values = as_json(Config(run_dir=Path("a") / "b"))
    assert json.loads(json.dumps(values)) == values
    assert values["run_dir"] == str(Path("a") / "b")


def test_every_flag_has_its_help(capsys):
    with pytest.raises(SystemExit) as caught:
        read("--help")
    assert caught.value.code == 0
    said = capsys.readouterr().out
    assert "--lr" in said
    assert "highest learning rate" in said


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["--learning-rate", 1], ["--learning-rate", "--help shows every flag"]),
        (["--lr", "fast"], ["--lr", "fast"]),
        (["--epochs", "1.5"], ["--epochs", "1.5"]),
    ],
)
def test_what_cannot_be_read_is_refused_in_one_line(args, words):
    with pytest.raises(UserError) as caught:
        read(*args)
    assert all(word in str(caught.value) for word in words)
    assert "\n" not in str(caught.value)
