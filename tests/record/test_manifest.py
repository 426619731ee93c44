"""run.json: what ran, on what, how it ended, and nothing that is a secret."""

import json
import os
import sys
from pathlib import Path

import pytest

from glassloop.errors import UserError
from glassloop.record import manifest
from glassloop.record.files import write_atomic, write_json
from glassloop.record.machine import describe_machine
from glassloop.record.secrets import is_secret_name, mask_command, plain


@pytest.fixture
def script(tmp_path: Path) -> Path:
    path = tmp_path / "train.py"
    path.write_text("print(1)\n")
    return path


def start(run: Path, script: Path, **more: object) -> None:
    facts = {"command": ["python", "train.py"], "sources": [script], "config": {"lr": 0.1}, "seed": 3, **more}
    manifest.start(run, **facts)  # type: ignore[arg-type]


def test_a_run_from_start_to_end(tmp_path: Path, script: Path) -> None:
    run_dir = tmp_path / "runs" / "a"
    start(run_dir, script, data={"split": "80/20"})
    opened = manifest.read(run_dir)
    assert opened is not None
    assert (opened["status"], opened["exit_code"], opened["final"]) == ("running", None, None)
    manifest.finish(run_dir, exit_code=0, seconds=1.5, final={"val_accuracy": 0.9, "val_loss": float("nan")})
    run = json.loads((run_dir / "run.json").read_text())
    assert (run["status"], run["exit_code"], run["seconds"]) == ("finished", 0, 1.5)
    assert run["final"] == {"val_accuracy": 0.9, "val_loss": "nan"}
    assert (run["seed"], run["config"], run["data"]) == (3, {"lr": 0.1}, {"split": "80/20"})
    assert (run_dir / "source" / "train.py").read_text() == "print(1)\n"
    assert len(run["sources"]["train.py"]) == 64
    assert run["environment"]["packages"]["typer"]


ENDS = [(0, "finished"), (1, "failed"), (2, "failed"), (130, "stopped"), (143, "stopped")]


@pytest.mark.parametrize(("code", "status"), ENDS)
def test_the_exit_code_is_read(tmp_path: Path, script: Path, code: int, status: str) -> None:
    start(tmp_path / "a", script)
    manifest.finish(tmp_path / "a", exit_code=code, seconds=1.0)
    run = manifest.read(tmp_path / "a")
    assert run is not None
    assert run["status"] == run["sessions"][0]["status"] == status


def test_a_resumed_run_keeps_the_first_session_and_says_what_changed(tmp_path: Path, script: Path) -> None:
    run_dir = tmp_path / "a"
    start(run_dir, script)
    script.write_text("print(2)\n")  # killed, mended, resumed
    start(run_dir, script, command=["python", "train.py", "--resume"])
    manifest.finish(run_dir, exit_code=0, seconds=2.0)
    run = manifest.read(run_dir)
    assert run is not None
    assert run["command"] == ["python", "train.py"]
    assert [session["status"] for session in run["sessions"]] == ["cut", "finished"]
    changed = run["sessions"][1]["changed"]
    assert sorted(changed) == ["command", "sources"]
    assert changed["sources"]["train.py"] != run["sources"]["train.py"]
    assert (run_dir / "source" / "train.py").read_text() == "print(1)\n"
    assert (run_dir / "source" / "session-2" / "train.py").read_text() == "print(2)\n"


def test_a_session_on_the_same_machine_is_not_called_different(
    tmp_path: Path, script: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When a script starts, torch is not loaded yet: that alone is no difference from what the first session ended with."""
    early, late, other = ({"packages": {}, "torch": torch} for torch in (None, {"threads": 1}, {"threads": 2}))
    for at_start, at_end in ((early, late), (early, late), (early, other)):
        monkeypatch.setattr(manifest, "describe_machine", lambda facts=at_start: facts)
        start(tmp_path / "a", script)
        monkeypatch.setattr(manifest, "describe_machine", lambda facts=at_end: facts)
        manifest.finish(tmp_path / "a", exit_code=0, seconds=1.0)
    run = manifest.read(tmp_path / "a")
    assert run is not None
    assert [sorted(session.get("changed", {})) for session in run["sessions"]] == [[], [], ["environment"]]


def test_sources_found_later_are_added_and_edits_are_noticed(tmp_path: Path, script: Path) -> None:
    (tmp_path / "lib").mkdir()
    helper, outside = tmp_path / "lib" / "helper.py", tmp_path / "other.py"
    helper.write_text("X = 1\n")
    outside.write_text("Y = 1\n")
    for path in (script, helper, outside):
        os.utime(path, (1, 1))
    work = tmp_path / "work"
    work.mkdir()
    start(tmp_path / "a", script)
    helper.write_text("X = 2\n")
    manifest.add_sources(tmp_path / "a", [helper, outside], root=work)
    run = manifest.read(tmp_path / "a")
    assert run is not None
    assert sorted(run["sources"]) == ["train.py", "up/lib/helper.py", "up/other.py"]
    assert run["sessions"][0]["edited_during_run"] == ["up/lib/helper.py"]


def test_the_source_that_already_lies_in_the_run_is_left_there(tmp_path: Path) -> None:
    path = tmp_path / "a" / "source" / "train.py"
    path.parent.mkdir(parents=True)
    path.write_text("print(1)\n")
    start(tmp_path / "a", path)
    assert [file.name for file in (tmp_path / "a" / "source").iterdir()] == ["train.py"]


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"sessions": []}', "\0\0", "3"])
def test_a_damaged_run_json_is_named(tmp_path: Path, script: Path, text: str) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "run.json").write_text(text)
    with pytest.raises(UserError, match=r"run.json is not a record of a run"):
        start(tmp_path / "a", script)
    assert (tmp_path / "a" / "run.json").read_text() == text


def test_a_source_that_is_gone_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"gone.py cannot be read"):
        start(tmp_path / "a", tmp_path / "gone.py")


@pytest.mark.parametrize("number", [3.5, float("inf"), float("nan"), None, True])
def test_numbers_survive_as_json(number: object) -> None:
    json.dumps(plain({"x": [number, (number,), {number}]}), allow_nan=False)


def test_a_write_that_fails_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    write_json(path, {"a": 1})
    with pytest.raises(ValueError, match="JSON"):
        write_json(path, {"a": float("nan")})
    (tmp_path / "folder").mkdir()
    with pytest.raises(OSError, match="folder"):
        write_atomic(tmp_path / "folder", b"x")
    assert json.loads(path.read_text()) == {"a": 1}
    assert sorted(file.name for file in tmp_path.iterdir()) == ["a.json", "folder"]


SECRETS = [
    (["--token", "hunter2"], ["--token", "***"]),
    (["--hf-token=hunter2"], ["--hf-token=***"]),
    (["--hub_token", "hunter2", "--lr", "1"], ["--hub_token", "***", "--lr", "1"]),
    (["WANDB_API_KEY=hunter2"], ["WANDB_API_KEY=***"]),
    (["+logger.api_key=hunter2"], ["+logger.api_key=***"]),
    (["--apiKey", "hunter2"], ["--apiKey", "***"]),
    (["--password=a=b"], ["--password=***"]),
    (["--db", "postgres://me:hunter2@host/x"], ["--db", "postgres://***@host/x"]),
    (["--client-secret", "-hunter2"], ["--client-secret", "***"]),
    (["--max-tokens", "512"], ["--max-tokens", "512"]),
    (["--key-dim", "64", "--tokenizer", "bert"], ["--key-dim", "64", "--tokenizer", "bert"]),
    (["--use-token", "--epochs", "3"], ["--use-token", "--epochs", "3"]),
]


@pytest.mark.parametrize(("command", "recorded"), SECRETS)
def test_secrets_in_a_command_are_masked(command: list[str], recorded: list[str]) -> None:
    assert mask_command(command) == recorded


def test_secrets_in_settings_and_surroundings_are_not_recorded(
    tmp_path: Path, script: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hunter2")
    monkeypatch.setenv("HARMLESS", "hunter2")
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    start(tmp_path / "a", script, config={"hub": {"api_key": "hunter2"}, "passwords": ["hunter2"], "max_tokens": 512})
    text = (tmp_path / "a" / "run.json").read_text()
    assert "hunter2" not in text
    assert json.loads(text)["config"]["max_tokens"] == 512
    assert json.loads(text)["environment"]["variables"]["OMP_NUM_THREADS"] == "1"


def test_words_decide_what_smells_of_a_secret() -> None:
    assert all(map(is_secret_name, ["token", "HF_TOKEN", "api-key", "apiKey", "db.password", "pwd", "client_secret"]))
    assert not any(map(is_secret_name, ["tokenizer", "keyboard", "epochs", "author", "KEYBOARD"]))


def test_the_machine_is_described_without_loading_torch() -> None:
    machine = describe_machine()
    assert machine["hardware"]["cores"] >= machine["hardware"]["cores_allowed"] >= 1
    assert machine["world_size"] == 1
    assert (machine["torch"] is None) == ("torch" not in sys.modules)
    json.dumps(machine, allow_nan=False)
