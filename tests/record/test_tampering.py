"""Attacks on a recorded run, each as somebody would do it with an editor: bytes on disk, no knowledge of the inside.

Every one must be told, and told where: the file, and in the ledger the line.
"""

import json
import shutil
import sys
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from glassloop.errors import UserError
from glassloop.record import signature
from glassloop.record.ledger import Ledger, digest_of
from glassloop.record.verdict import Verdict
from glassloop.record.verify import verify
from tests.record.recorded import record_run

NONCE = "b4d1c0de"


@pytest.fixture(scope="session")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run with checkpoints, evaluation, data and order, unsigned."""
    return record_run(tmp_path_factory.mktemp("recorded"), "--nonce", NONCE)


@pytest.fixture
def run(recorded: Path, tmp_path: Path) -> Path:
    shutil.copytree(recorded, tmp_path / "run", symlinks=True)
    return tmp_path / "run"


def lines_of(run: Path) -> list[bytes]:
    return (run / "ledger.jsonl").read_bytes().splitlines(keepends=True)


def put_lines(run: Path, lines: list[bytes]) -> None:
    (run / "ledger.jsonl").write_bytes(b"".join(lines))


def steps_of(run: Path) -> list[int]:
    """Where the step rows stand, from 0."""
    return [at for at, line in enumerate(lines_of(run)) if b'"row":"step"' in line]


def rechain(lines: list[bytes]) -> list[bytes]:
    """The chain written anew over edited lines: what anybody can do who has no key to forge."""
    before, done = "0" * 64, []
    for number, line in enumerate(lines):
        row = json.loads(line)
        row["n"], row["prev"] = number, before
        text = json.dumps(row, separators=(",", ":")).encode()
        before = sha256(text).hexdigest()
        done.append(text + b"\n")
    return done


def flip(path: Path, at: int, bit: int) -> None:
    raw = bytearray(path.read_bytes())
    raw[at] ^= 1 << bit
    path.write_bytes(raw)


def first(verdict: Verdict) -> tuple[str, int | None]:
    return verdict.problems[0].file, verdict.problems[0].line


def test_nobody_touched_it(recorded: Path) -> None:
    verdict = verify(recorded)
    assert verdict.word == "whole", [str(problem) for problem in verdict.problems]
    assert verdict.signed_by is None
    assert any("nobody signed this" in note for note in verdict.notes)


EVIDENCE = "ledger.jsonl run.json order.bin findings.json lines.json report.html source data rng checkpoints"


def evidence(run: Path) -> list[str]:
    found = [path for name in EVIDENCE.split() for path in (run / name, *(run / name).rglob("*"))]
    names = [path.relative_to(run).as_posix() for path in found if path.is_file()]
    return sorted(name for name in names if "/latest" not in name and "/best" not in name)


@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_a_flipped_bit_anywhere(recorded: Path, data: st.DataObject) -> None:
    """In any file that is evidence, at any byte: told, with that file named; in the ledger with that line."""
    path = recorded / data.draw(st.sampled_from(evidence(recorded)), label="file")
    at = data.draw(st.integers(0, path.stat().st_size - 1), label="byte")
    bit = data.draw(st.integers(0, 7), label="bit")
    name = path.relative_to(recorded).as_posix()
    line = path.read_bytes()[:at].count(b"\n") + 1
    flip(path, at, bit)
    try:
        verdict = verify(recorded)
    finally:
        flip(path, at, bit)
    assert verdict.word == "broken" or (verdict.word == "incomplete" and name in ("ledger.jsonl", "order.bin"))
    said = [problem for problem in verdict.problems if name == problem.file or name.startswith(f"{problem.file}/")]
    assert said, [str(problem) for problem in verdict.problems]
    if name == "ledger.jsonl":
        assert said[0].line == line, [str(problem) for problem in verdict.problems]


def test_every_byte_of_two_rows(recorded: Path) -> None:
    """Each place in a row: its number, its prev, its newline. The last row, too, which no row follows."""
    path = recorded / "ledger.jsonl"
    raw = path.read_bytes()
    lines = raw.splitlines(keepends=True)
    for number, stride in ((steps_of(recorded)[5], 2), (len(lines) - 1, 9)):
        start, end = len(b"".join(lines[:number])), len(b"".join(lines[: number + 1]))
        for at in (*range(start, end, stride), end - 1):
            path.write_bytes(raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :])
            verdict = verify(recorded)
            path.write_bytes(raw)
            assert verdict.word != "whole", raw[at - 20 : at + 20]
            assert first(verdict) == ("ledger.jsonl", number + 1), (raw[at - 20 : at + 20], verdict.problems)


def test_a_row_removed(run: Path) -> None:
    for at in (0, steps_of(run)[3], steps_of(run)[-1]):
        lines = lines_of(run)
        put_lines(run, lines[:at] + lines[at + 1 :])
        verdict = verify(run)
        assert verdict.word == "broken"
        assert verdict.problems[0].row == at
        assert "missing" in verdict.problems[0].what
        put_lines(run, lines)


def test_several_rows_removed(run: Path) -> None:
    at, lines = steps_of(run)[2], lines_of(run)
    put_lines(run, lines[:at] + lines[at + 7 :])
    verdict = verify(run)
    assert first(verdict) == ("ledger.jsonl", at + 1)
    assert f"rows {at} to {at + 6} are missing" in verdict.problems[0].what


def test_a_row_repeated(run: Path) -> None:
    at, lines = steps_of(run)[3], lines_of(run)
    put_lines(run, [*lines[: at + 1], lines[at], *lines[at + 1 :]])
    verdict = verify(run)
    assert verdict.word == "broken"
    assert first(verdict) == ("ledger.jsonl", at + 2)
    assert "repeated" in verdict.problems[0].what


def test_rows_reordered(run: Path) -> None:
    at, lines = steps_of(run)[3], lines_of(run)
    put_lines(run, [*lines[:at], lines[at + 1], lines[at], *lines[at + 2 :]])
    verdict = verify(run)
    assert verdict.word == "broken"
    assert first(verdict) == ("ledger.jsonl", at + 1)
    assert any("reordered" in problem.means for problem in verdict.problems)


def test_a_row_put_in(run: Path) -> None:
    """Even one that is made to fit: with the right number, carrying the digest of the row before it."""
    at, lines = steps_of(run)[3], lines_of(run)
    row = json.loads(lines[at])
    row["loss"] = 0.0
    forged = json.dumps(row, separators=(",", ":")).encode() + b"\n"
    put_lines(run, [*lines[:at], forged, *lines[at:]])
    verdict = verify(run)
    assert verdict.word == "broken"
    assert first(verdict) == ("ledger.jsonl", at + 2)
    assert "second time" in verdict.problems[0].what


def test_a_row_put_in_at_the_end(run: Path) -> None:
    lines = lines_of(run)
    row = {"row": "note", "n": len(lines), "text": "all well", "prev": sha256(lines[-1][:-1]).hexdigest()}
    put_lines(run, [*lines, json.dumps(row, separators=(",", ":")).encode() + b"\n"])
    verdict = verify(run)
    assert verdict.word == "broken"
    assert first(verdict) == ("ledger.jsonl", len(lines) + 1)


def test_a_loss_made_better(run: Path) -> None:
    at, lines = steps_of(run)[4], lines_of(run)
    row = json.loads(lines[at])
    row["loss"] = 0.001
    lines[at] = json.dumps(row, separators=(",", ":")).encode() + b"\n"
    put_lines(run, lines)
    verdict = verify(run)
    assert verdict.word == "broken"
    assert first(verdict) == ("ledger.jsonl", at + 1)


def test_the_tail_cut(run: Path) -> None:
    """Without a key this reads incomplete; run.json still says how many rows there were."""
    at, lines = steps_of(run)[-3], lines_of(run)
    put_lines(run, lines[:at])
    verdict = verify(run)
    assert verdict.word == "incomplete"
    assert any(f"it has {at}" in problem.what and problem.row == at for problem in verdict.problems)
    put_lines(run, [*lines[:at], lines[at][:40]])
    verdict = verify(run)
    assert verdict.word == "incomplete"
    assert any(problem.line == at + 1 and "torn" in problem.what for problem in verdict.problems)


def test_a_chain_written_anew_without_the_head(run: Path) -> None:
    """Rows edited and every digest made to fit: run.json's head tells, as long as run.json is left alone."""
    at, lines = steps_of(run)[4], lines_of(run)
    row = json.loads(lines[at])
    row["loss"] = 0.001
    lines[at] = json.dumps(row).encode() + b"\n"
    put_lines(run, rechain(lines))
    verdict = verify(run)
    assert verdict.word == "broken"
    assert first(verdict) == ("ledger.jsonl", len(lines))


def swap(run: Path) -> str:
    one, two, *_ = sorted(path for path in (run / "checkpoints").iterdir() if path.is_dir() and not path.is_symlink())
    one.rename(run / "aside")
    two.rename(one)
    (run / "aside").rename(two)
    return f"checkpoints/{one.name}"


def weights_edited(run: Path) -> str:
    path = next((run / "checkpoints").glob("step-*/*.safetensors"))
    flip(path, path.stat().st_size - 3, 1)
    return path.parent.relative_to(run).as_posix()


def optimizer_state_edited(run: Path) -> str:
    path = next((run / "checkpoints").glob("step-*/*.pt"))
    flip(path, path.stat().st_size // 2, 4)
    return path.parent.relative_to(run).as_posix()


def source_edited(run: Path) -> str:
    path = next((run / "source").rglob("*.py"))
    path.write_text(path.read_text().replace("0.1", "0.2", 1) + "# nothing\n")
    return path.relative_to(run).as_posix()


def source_removed(run: Path) -> str:
    path = next((run / "source").rglob("*.py"))
    shutil.rmtree(run / "source")
    return path.relative_to(run).as_posix()


def data_edited(run: Path) -> str:
    path = next((run / "data").rglob("loader-*.jsonl"))
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([lines[1], lines[0], *lines[2:]]))
    return path.relative_to(run).as_posix()


def data_lengthened(run: Path) -> str:
    path = next((run / "data").rglob("loader-*.jsonl"))
    with open(path, "ab") as file:
        file.write(path.read_bytes().splitlines(keepends=True)[0])
    return path.relative_to(run).as_posix()


def order_edited(run: Path) -> str:
    raw = bytearray((run / "order.bin").read_bytes())
    raw[-8:] = (int.from_bytes(raw[-8:], "little") ^ 1).to_bytes(8, "little")
    (run / "order.bin").write_bytes(raw)
    return "order.bin"


def run_json_edited(run: Path) -> str:
    facts = json.loads((run / "run.json").read_text())
    facts["command"] = [*facts["command"], "--seed", "7"]
    (run / "run.json").write_text(json.dumps(facts, indent=2) + "\n")
    return "run.json"


def checkpoint_put_in(run: Path) -> str:
    """A newer one, which whoever goes on with the run would take."""
    newest = max(path for path in (run / "checkpoints").glob("step-*"))
    shutil.copytree(newest, newest.with_name("step-00000099"))
    return "checkpoints/step-00000099"


def findings_removed(run: Path) -> str:
    (run / "findings.json").unlink()
    return "findings.json"


FILES = [
    swap, weights_edited, optimizer_state_edited, source_edited, source_removed, data_edited, data_lengthened, order_edited,
    run_json_edited, checkpoint_put_in, findings_removed,
]  # fmt: skip


@pytest.mark.parametrize("attack", FILES)
def test_a_file_beside_the_ledger(run: Path, attack: Callable[[Path], str]) -> None:
    name = attack(run)
    verdict = verify(run)
    missing = attack in (source_removed, findings_removed, checkpoint_put_in)  # the last lacks its row
    assert verdict.word == ("incomplete" if missing else "broken")
    assert name in [problem.file for problem in verdict.problems], verdict.problems
    if attack is swap:
        assert any("exchanged: it is that of row" in problem.means for problem in verdict.problems)
    if attack is run_json_edited:
        assert "command" in verdict.problems[0].what


# --- with a key ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def signed(run: Path, keys: Path) -> Path:
    """The run, signed."""
    signature.sign(run, keys / "mine")
    return run


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two keys."""
    folder = tmp_path_factory.mktemp("keys")
    signature.make_key(folder / "mine")
    signature.make_key(folder / "other")
    return folder


def test_the_signer_is_known_by_the_key(signed: Path, keys: Path) -> None:
    verdict = verify(signed, keys=[keys / "mine.pub"], nonce=NONCE)
    assert verdict.word == "whole", [str(problem) for problem in verdict.problems]
    assert verdict.signed_by == signature.key_id(keys / "mine")
    either = verify(signed, keys=[keys / "other.pub", keys / "mine.pub"])
    assert either.word == "whole"
    alone = verify(signed)
    assert alone.word == "whole"
    assert any("came with the record" in note for note in alone.notes)


def test_another_signer_than_the_one_that_was_asked_for(signed: Path, keys: Path) -> None:
    verdict = verify(signed, keys=[keys / "other.pub"])
    assert verdict.word == "broken"
    assert verdict.problems[0].file == "attestation.json"
    assert verdict.signed_by is None


def forge(run: Path) -> None:
    """Better losses, a chain that holds, a run.json that fits: all that can be done without the key."""
    lines = lines_of(run)
    for at in steps_of(run):
        row = json.loads(lines[at])
        row["loss"] = row["loss"] / 2
        lines[at] = json.dumps(row).encode() + b"\n"
    lines = rechain(lines)
    put_lines(run, lines)
    facts = json.loads((run / "run.json").read_text())
    facts["ledger"] = {"rows": len(lines), "head": sha256(lines[-1][:-1]).hexdigest()}
    (run / "run.json").write_text(json.dumps(facts))


def test_a_chain_written_anew_without_the_key(signed: Path) -> None:
    forge(signed)
    verdict = verify(signed)
    assert verdict.word == "broken"
    assert any("those that were signed" in problem.what for problem in verdict.problems)


def test_a_chain_written_anew_and_the_signature_thrown_away(signed: Path, keys: Path) -> None:
    """What no chain can tell, and the note says so; who has the key asks for the signature."""
    forge(signed)
    (signed / "attestation.json").unlink()
    assert verify(signed).word == "whole"
    assert any("nobody signed this" in note for note in verify(signed).notes)
    assert verify(signed, keys=[keys / "mine.pub"]).word == "incomplete"


def test_the_signature_thrown_away(tmp_path: Path, keys: Path) -> None:
    """The first row says who is to sign."""
    ledger = Ledger(tmp_path / "ledger.jsonl")
    ledger.append("run", format="glassloop-ledger/1", session=1, signer=signature.key_id(keys / "mine"))
    ledger.append("end", run_json=digest_of({"sessions": [{}]}))
    ledger.close()
    facts = {"sessions": [{}], "ledger": {"rows": 2, "head": ledger.head}}
    (tmp_path / "run.json").write_text(json.dumps(facts))
    verdict = verify(tmp_path)
    assert verdict.word == "incomplete"
    assert [problem.file for problem in verdict.problems] == ["attestation.json"]
    signature.sign(tmp_path, keys / "mine")
    assert verify(tmp_path).word == "whole"


def test_a_chain_written_anew_and_signed_by_the_forger(signed: Path, keys: Path) -> None:
    forge(signed)
    signature.sign(signed, keys / "other")
    assert verify(signed, keys=[keys / "mine.pub"]).word == "broken"


def test_the_tail_cut_of_what_was_signed(signed: Path) -> None:
    at = steps_of(signed)[-2]
    put_lines(signed, lines_of(signed)[:at])
    facts = json.loads((signed / "run.json").read_text())
    del facts["ledger"]
    (signed / "run.json").write_text(json.dumps(facts))
    verdict = verify(signed)
    assert verdict.word == "broken"
    assert any("its tail was cut" in problem.means and problem.row == at for problem in verdict.problems)


def test_any_byte_of_the_attestation(signed: Path) -> None:
    path = signed / "attestation.json"
    raw = path.read_bytes()
    envelope = json.loads(raw)
    where = [raw.index(envelope["payload"].encode()) + 900, raw.index(envelope["signatures"][0]["sig"].encode()) + 5, 2]
    for at in where:
        path.write_bytes(raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :])
        verdict = verify(signed)
        assert verdict.word == "broken", at
        assert verdict.problems[0].file == "attestation.json"


def test_a_file_put_in_or_changed_after_it_was_signed(signed: Path) -> None:
    (signed / "checkpoints" / "step-99999999").mkdir()
    (signed / "checkpoints" / "step-99999999" / "model.safetensors").write_bytes(b"x")
    (signed / "data" / "loaders.json").write_text("[]")
    told = {problem.file for problem in verify(signed).problems}
    assert {"checkpoints/step-99999999/model.safetensors", "data/loaders.json"} <= told


def test_a_signature_where_the_packages_are_missing(signed: Path, keys: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "securesystemslib", None)
    verdict = verify(signed)
    assert verdict.word == "whole"
    assert any("glassloop[sign]" in note for note in verdict.notes)
    assert any("no signature of this was found good" in note for note in verdict.notes)
    with pytest.raises(UserError, match=r"glassloop\[sign\]"):
        verify(signed, keys=[keys / "mine.pub"])
    with pytest.raises(UserError, match=r"glassloop\[sign\]"):
        signature.sign(signed, keys / "mine")


def test_another_nonce_than_the_one_that_was_given(signed: Path) -> None:
    verdict = verify(signed, nonce="another")
    assert verdict.word == "broken"
    assert NONCE in verdict.problems[0].what


def test_a_bad_key_is_one_clear_line(signed: Path, keys: Path, tmp_path: Path) -> None:
    (tmp_path / "text").write_text("hello")
    for wrong in (tmp_path / "text", tmp_path / "none", keys / "mine", tmp_path):
        with pytest.raises(UserError, match="keygen"):
            verify(signed, keys=[wrong])
    with pytest.raises(UserError, match="keygen"):
        signature.key_id(keys / "mine.pub")


def test_the_digest_that_rows_state_of_run_json(signed: Path) -> None:
    facts = json.loads((signed / "run.json").read_text())
    del facts["ledger"]
    end = json.loads(lines_of(signed)[-1])
    assert end["run_json"] == digest_of(facts)
