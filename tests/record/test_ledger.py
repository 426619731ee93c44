"""The ledger: what is appended comes back with the same bits, a kill tears at most a line, a full disk tears none."""

import json
import os
import re
import signal
import subprocess
import sys
import threading
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from glassloop.record.ledger import LONGEST, START, Ledger, LedgerError, rows, text_of


def write(path: Path, count: int) -> None:
    ledger = Ledger(path)
    for step in range(count):
        ledger.append("step", step=step)
    ledger.close()


def test_each_line_carries_the_digest_of_the_one_before(tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    write(path, 3)
    ledger = Ledger(path)  # a second session
    assert ledger.rows == 3
    assert ledger.append("end", status="finished") == 3
    before = b""
    for number, line in enumerate(path.read_bytes().splitlines()):
        row = json.loads(line)
        assert list(row)[:2] == ["row", "n"]
        assert list(row)[-1] == "prev"
        assert row["n"] == number
        assert row["prev"] == (sha256(before).hexdigest() if before else START)
        before = line
    assert ledger.head == sha256(before).hexdigest()
    ledger.close()
    ledger.close()


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64) | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=8,
)


@settings(max_examples=60, deadline=None)
@given(value=VALUES)
def test_values_come_back_with_the_same_bits(value: Any) -> None:
    back = json.loads("{" + text_of({"value": value}) + "}")["value"]
    assert repr(back) == repr(value)


def test_what_is_not_finite_is_a_word(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.jsonl")
    ledger.append("step", loss=float("nan"), lr=[float("inf"), {"x": -float("inf")}])
    assert next(rows(ledger.path)) | {"prev": ""} == {
        "row": "step", "n": 0, "loss": "nan", "lr": ["inf", {"x": "-inf"}], "prev": "",
    }  # fmt: skip
    ledger.close()


def test_a_torn_line_is_cut_off_and_noted(tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    write(path, 2)
    with open(path, "ab") as file:
        file.write(b'{"row":"step","n":2,"st')
    assert [row["n"] for row in rows(path)] == [0, 1]
    ledger = Ledger(path)
    ledger.close()
    *_, note = rows(path)
    assert (note["row"], note["n"], note["torn"]) == ("note", 2, '{"row":"step","n":2,"st')
    assert "23 bytes" in note["text"]


def test_a_ledger_that_is_none_is_not_written_to(tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    for text in (b"hello\n", b"[1]\n", b'{"row":"step"}\n', b'{"row":"x","n":1e9,"prev":"0"}\n'):
        path.write_bytes(text)
        with pytest.raises(LedgerError, match=re.escape(str(path))):
            Ledger(path)
        assert path.read_bytes() == text
    with pytest.raises(LedgerError, match="line 1"):
        list(rows(path))


def test_a_line_is_never_longer_than_a_reader_holds(tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    ledger = Ledger(path)
    with pytest.raises(ValueError, match="longer"):
        ledger.append("note", text="x" * LONGEST)
    ledger.append("note", text="short")
    ledger.close()
    assert len(list(rows(path))) == 1
    with open(path, "ab") as file:
        file.write(b"x" * 3 * LONGEST)
    with pytest.raises(LedgerError, match="line 2: it is longer"):
        list(rows(path))
    with pytest.raises(LedgerError, match="its last line is longer"):
        Ledger(path)


def test_a_second_process_is_refused(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.jsonl")
    code = f"from glassloop.record.ledger import Ledger; from pathlib import Path; Ledger(Path({str(ledger.path)!r}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=600)
    assert "is being written by another process" in done.stderr
    ledger.close()
    assert subprocess.run([sys.executable, "-c", code], timeout=600).returncode == 0


def test_a_full_disk_leaves_whole_lines_only(tmp_path: Path) -> None:
    """A limit on the size of a file stands in for the disk: the write that crosses it is done in part."""
    code = f"""
import resource, signal
from pathlib import Path
from glassloop.record.ledger import Ledger
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
ledger = Ledger(Path({str(tmp_path / "ledger.jsonl")!r}))
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 10**9))
for step in range(100):
    try:
        ledger.append("step", step=step)
    except OSError:
        break
resource.setrlimit(resource.RLIMIT_FSIZE, (10**9, 10**9))
ledger.append("note", text="room again")
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=600)
    text = (tmp_path / "ledger.jsonl").read_bytes()
    assert text.endswith(b"\n")
    found = list(rows(tmp_path / "ledger.jsonl"))
    assert [row["n"] for row in found] == list(range(len(found)))
    assert found[-1]["text"] == "room again"
    assert 900 < len(text) < 1200


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names on Windows")
def test_a_pipe_and_a_link_are_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    write(tmp_path / "real", 1)
    (tmp_path / "link").symlink_to(tmp_path / "real")
    for name in ("pipe", "link", "."):
        with pytest.raises(LedgerError, match="no plain file"):
            list(rows(tmp_path / name))
    with pytest.raises(OSError):  # noqa: PT011 - the system's own word for a link
        Ledger(tmp_path / "link")
    with pytest.raises(LedgerError, match="no plain file"):
        Ledger(tmp_path / "pipe")


def test_a_kill_at_any_moment_tears_at_most_the_last_line(tmp_path: Path) -> None:
    code = """
import sys
from pathlib import Path
from glassloop.record.ledger import Ledger
ledger = Ledger(Path(sys.argv[1]))
print("ready", flush=True)
step = ledger.rows
while True:
    ledger.append("step", step=step, text="x" * (step % 3000))
    step += 1
"""
    path = tmp_path / "ledger.jsonl"
    for turn in range(6):
        process = subprocess.Popen([sys.executable, "-c", code, str(path)], stdout=subprocess.PIPE)
        assert process.stdout is not None
        process.stdout.readline()
        threading.Event().wait(0.02 + 0.013 * turn)
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
    ledger = Ledger(path)
    ledger.close()
    before = START
    for number, line in enumerate(path.read_bytes().splitlines()):
        row = json.loads(line)
        assert (row["n"], row["prev"]) == (number, before)
        before = sha256(line).hexdigest()
    assert ledger.head == before
