"""A folder made to harm whoever looks at it: nothing outside is opened, nothing runs, nothing waits, memory stays small."""

import json
import os
import pickle
import subprocess
import sys
import zipfile
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from glassloop.record.ledger import FORMAT, START, Ledger, digest_of
from glassloop.record.verdict import Verdict
from glassloop.record.verify import verify

FACTS: dict[str, Any] = {"format": "glassloop-run/1", "sessions": [{"status": "finished"}], "sources": {}}


def make(run: Path, *rows: dict[str, Any], facts: dict[str, Any] = FACTS, first: dict[str, Any] | None = None) -> Path:
    """A run folder whose chain holds, with these rows between its first and its last."""
    run.mkdir(exist_ok=True)
    ledger = Ledger(run / "ledger.jsonl")
    ledger.append("run", **{"format": FORMAT, "session": 1, **(first or {})})
    for row in rows:
        fields = dict(row)
        ledger.append(fields.pop("row"), **fields)
    ledger.append("end", step=0, run_json=digest_of(facts))
    ledger.close()
    (run / "run.json").write_text(json.dumps({**facts, "ledger": {"rows": ledger.rows, "head": ledger.head}}))
    return run


def said(verdict: Verdict) -> str:
    lines = [*map(str, verdict.problems), *verdict.notes]
    assert all(len(line.splitlines()) == 1 and line.isprintable() for line in lines)
    return "\n".join(lines)


def test_the_folder_itself_is_sound(tmp_path: Path) -> None:
    assert verify(make(tmp_path / "run")).word == "whole"


NAMES = ["../secret", "/etc/passwd", "data/../../secret", "C:\\x", "a\nb", "a\x1b[2Jb", "", ".", "x" * 5000, "a//b"]


@pytest.mark.parametrize("name", NAMES)
def test_a_name_that_leads_out_of_the_folder(tmp_path: Path, name: str) -> None:
    (tmp_path / "secret").write_text("not theirs")
    digest = sha256(b"not theirs").hexdigest()
    data = {"row": "data", "file": name, "bytes": 10, "digest": digest}
    verdict = verify(make(tmp_path / "data", data))
    assert verdict.word == "broken"
    assert "not opened" in said(verdict)
    verdict = verify(make(tmp_path / "rng", first={"rng": {"file": name, "digest": digest}}))
    assert "not opened" in said(verdict)
    verdict = verify(make(tmp_path / "source", facts={**FACTS, "sources": {name: digest}}, first={"keep_source": True}))
    assert "not opened" in said(verdict)
    saved = {"row": "checkpoint", "step": 0, "path": name, "digest": digest, "sha256": digest}
    verdict = verify(make(tmp_path / "saved", saved))  # a script may save anywhere: no fault, and no look
    assert "not looked at" in said(verdict)
    assert verdict.checked == []


@pytest.mark.parametrize("kind", ["link", "folder", "pipe"])
@pytest.mark.parametrize("name", "ledger.jsonl run.json order.bin data/x checkpoints/step-1 attestation.json".split())
def test_a_link_or_a_pipe_in_the_place_of_a_file(tmp_path: Path, name: str, kind: str) -> None:
    """The link leads to the very file, so that only following it would find nothing amiss."""
    record = (0).to_bytes(4, "little") + (0).to_bytes(4, "little")
    order = {"row": "eval", "step": 0, "order": sha256(record).hexdigest()[:16], "batches": 1}
    listed = sha256(f"{sha256(b'x').hexdigest()}  w.bin\n".encode()).hexdigest()
    rows = (
        order,
        {"row": "data", "file": "data/x", "bytes": 1, "digest": sha256(b"x").hexdigest()},
        {"row": "checkpoint", "step": 0, "path": "checkpoints/step-1", "digest": listed, "sha256": listed},
    )
    run = make(tmp_path / "run", *rows)
    for folder in ("data", "checkpoints/step-1"):
        (run / folder).mkdir(parents=True)
    (run / "order.bin").write_bytes(record)
    (run / "data" / "x").write_bytes(b"x")
    (run / "checkpoints" / "step-1" / "w.bin").write_bytes(b"x")
    assert verify(run).word == "whole", said(verify(run))
    path, aside = run / name, tmp_path / "aside"
    if path.exists():
        path.rename(aside)
    else:
        aside.write_text("{}")
    if kind == "link":
        path.symlink_to(aside)
    elif kind == "pipe":
        os.mkfifo(path)
    elif name != "checkpoints/step-1":
        path.mkdir()
    else:
        path.write_text("")
    verdict = verify(run)
    assert verdict.word == "broken", said(verdict)
    assert name in [problem.file for problem in verdict.problems]
    said(verdict)


DEEP = b'{"row":' + b"[" * 200_000
WRITTEN: dict[str, bytes] = {
    "nothing": b"",
    "zeros": bytes(10_000),
    "no newline": b'{"row":"run"',
    "an endless line": b"x" * (3 << 20),
    "deep": DEEP + b"\n",
    "a number without end": b'{"row":"run","n":' + b"9" * 100_000 + b',"prev":""}\n',
    "not a number": b'{"row":"run","n":0,"x":NaN,"prev":""}\n',
    "a list": b"[]\n" * 1000,
    "no UTF-8": b"\xff\xfe\n",
    "wrong kinds": b'{"row":[],"n":"0","prev":null}\n',
    "blank lines": b"\n" * 1000,
}


@pytest.mark.parametrize("text", WRITTEN.values(), ids=WRITTEN)
def test_malformed_rows(tmp_path: Path, text: bytes) -> None:
    run = make(tmp_path / "run")
    (run / "ledger.jsonl").write_bytes(text)
    verdict = verify(run)
    assert verdict.word != "whole"
    assert "ledger.jsonl" in said(verdict)
    for name in ("run.json", "attestation.json"):
        run = make(tmp_path / name)
        (run / name).write_bytes(text)
        verdict = verify(run)
        assert verdict.word == "broken"
        assert name in said(verdict)


ODD: list[Any] = [None, True, -1, 1.5, "x", [], {}, [[]], {"a": {}}, 10**30]
FIELDS = {
    "run": ["session", "format", "run_json", "digests", "rng", "order_at", "nonce", "keep_source", "signer"],
    "step": ["step", "order", "batches"],
    "eval": ["order", "batches"],
    "checkpoint": ["path", "digest", "sha256", "step"],
    "saving": ["path"],
    "resume": ["step"],
    "data": ["file", "bytes", "digest"],
    "facts": ["run_json", "digests"],
    "end": ["files", "run_json", "digests"],
}


@pytest.mark.parametrize("kind", FIELDS)
def test_fields_of_another_kind_than_glassloop_writes(tmp_path: Path, kind: str) -> None:
    """The chain holds; what it says is nonsense. A verdict comes, not an exception."""
    usual = {"step": 1, "session": 2, "path": "p", "file": "f", "bytes": 1, "digest": "d", "order": "o", "batches": 1}
    for number, (field, value) in enumerate((field, value) for field in FIELDS[kind] for value in ODD):
        verdict = verify(make(tmp_path / str(number), {"row": kind, **usual, "format": FORMAT, field: value}))
        said(verdict)
        json.dumps(verdict.as_json())


@pytest.mark.parametrize("fact", ["sources", "sessions", "ledger", "command"])
def test_a_run_json_of_another_kind(tmp_path: Path, fact: str) -> None:
    for number, value in enumerate(ODD):
        run = make(tmp_path / str(number), facts={**FACTS, fact: value} if fact != "ledger" else FACTS)
        if fact == "ledger":
            (run / "run.json").write_text(json.dumps({**FACTS, "ledger": value}))
        json.dumps(verify(run).as_json())


def pickled(path: Path, harm: Path) -> None:
    class Harm:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return os.mkdir, (str(harm),)

    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("x/data.pkl", pickle.dumps(Harm()))


def bomb(path: Path, harm: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x/data.pkl", bytes(64 << 20))


def holes(path: Path, harm: Path) -> None:
    with open(path, "wb") as file:
        file.truncate(1 << 42)


@pytest.mark.parametrize("make_file", [pickled, bomb, holes])
def test_a_checkpoint_made_to_harm(tmp_path: Path, make_file: Callable[[Path, Path], None]) -> None:
    run = make(tmp_path / "run", {"row": "checkpoint", "step": 0, "path": "model.pt", "digest": "0" * 64})
    make_file(run / "model.pt", tmp_path / "harm")
    verdict = verify(run)
    assert verdict.word == "broken"
    assert "model.pt" in said(verdict)
    assert not (tmp_path / "harm").exists()


def test_a_long_ledger_and_many_names_take_little_memory(tmp_path: Path) -> None:
    """30,000 rows that each name another checkpoint, then a line of 50 MB; in a process whose memory is measured."""
    run = make(tmp_path / "run")
    before, count = START, 30_000
    with open(run / "ledger.jsonl", "wb") as file:
        for number in range(count):
            path = f"checkpoints/step-{number}"
            row = {"row": "checkpoint", "n": number, "step": 0, "path": path, "digest": "0", "prev": before}
            line = json.dumps(row).encode()
            before = sha256(line).hexdigest()
            file.write(line + b"\n")
        for _ in range(50):
            file.write(b"x" * (1 << 20))
    code = f"""
import resource
from pathlib import Path
from glassloop.record.verify import verify
verdict = verify(Path({str(run)!r}))
status = Path("/proc/self/status")  # rusage knows of the process that forked this one, too
lines = status.read_text().splitlines() if status.exists() else []
peak = [int(line.split()[1]) for line in lines if line.startswith("VmHWM")]
print(verdict.word, len(verdict.problems), *peak or [resource.getrusage(resource.RUSAGE_SELF).ru_maxrss])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=600)
    word, problems, peak = done.stdout.split()
    assert word == "broken"
    assert int(problems) <= 50
    assert int(peak) / (1 << 20 if sys.platform == "darwin" else 1 << 10) < 150


def test_a_terminal_is_not_obeyed(tmp_path: Path) -> None:
    unknown = {"row": "\\u001b]0;owned\\u0007", "text": "x"}
    run = make(tmp_path / "run", unknown, {"row": "checkpoint", "step": 0, "path": "/\x1b[2J", "digest": "0"})
    command = [sys.executable, "-m", "glassloop", "verify", str(run)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0
    assert "\x1b" not in done.stdout + done.stderr
    assert "\x07" not in done.stdout + done.stderr
