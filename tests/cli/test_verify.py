"""`glassloop verify` and `keygen` on the command line: words, exit codes, one line for what a person can mend."""

import json
import stat
import subprocess
import sys
from pathlib import Path

from glassloop.record.ledger import Ledger


def glassloop(*words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "glassloop", *words]
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, timeout=600)


def test_a_folder_that_holds_no_record_is_wrong_usage(tmp_path: Path) -> None:
    for name, said in ((".", "holds no ledger.jsonl"), ("nowhere", "is no folder")):
        done = glassloop("verify", name, cwd=tmp_path)
        assert done.returncode == 2
        assert said in done.stderr
        assert len(done.stderr.splitlines()) == 1


def test_a_record_that_was_cut_is_incomplete(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.jsonl")
    ledger.append("run", format="glassloop-ledger/1", session=1)
    ledger.append("step", step=1)
    ledger.close()
    done = glassloop("verify", ".", "--format", "json", cwd=tmp_path)
    assert done.returncode == 1
    said = json.loads(done.stdout)
    assert (said["verdict"], said["rows"], said["steps"], said["signed_by"]) == ("incomplete", 2, 1, None)
    assert {problem["file"] for problem in said["problems"]} == {"ledger.jsonl", "run.json"}
    assert any("nobody signed this" in note for note in said["notes"])


def test_a_key_is_private_and_never_replaced(tmp_path: Path) -> None:
    done = glassloop("keygen", "--out", "mine", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert stat.S_IMODE((tmp_path / "mine").stat().st_mode) == 0o600
    text = (tmp_path / "mine").read_bytes(), (tmp_path / "mine.pub").read_bytes()
    assert b"PUBLIC" in text[1]
    assert b"PRIVATE" not in text[1]
    for gone in ("mine", "mine.pub"):
        (tmp_path / gone).rename(tmp_path / "aside")
        again = glassloop("keygen", "--out", "mine", cwd=tmp_path)
        assert again.returncode == 2
        assert "exists" in again.stderr
        (tmp_path / "aside").rename(tmp_path / gone)
    assert ((tmp_path / "mine").read_bytes(), (tmp_path / "mine.pub").read_bytes()) == text
