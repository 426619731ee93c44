"""Who signed: forging without the key is told, whatever is forged; and what a signature does not cover is said."""

import json
import shutil
from pathlib import Path

import pytest

from glassloop.errors import UserError
from glassloop.record import signature
from glassloop.record.ledger import digest_of
from glassloop.record.verify import verify
from tests.record.recorded import record_run
from tests.record.test_tampering import lines_of, put_lines, rechain, steps_of

NONCE = "b4d1c0de"


@pytest.fixture(scope="session")
def signed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a run that was signed as it ended, the key, and another key."""
    folder = tmp_path_factory.mktemp("signed")
    signature.make_key(folder / "mine")
    signature.make_key(folder / "other")
    record_run(folder, "--key", "mine", "--nonce", NONCE, epochs=2)
    return folder


@pytest.fixture
def run(signed: Path, tmp_path: Path) -> Path:
    shutil.copytree(signed / "run", tmp_path / "run", symlinks=True)
    return tmp_path / "run"


def test_the_signer_is_known_by_the_key(signed: Path) -> None:
    verdict = verify(signed / "run", keys=[signed / "mine.pub"], nonce=NONCE)
    assert verdict.word == "whole", [str(problem) for problem in verdict.problems]
    assert verdict.signed_by == signature.key_id(signed / "mine")
    either = verify(signed / "run", keys=[signed / "other.pub", signed / "mine.pub"])
    assert either.word == "whole"
    alone = verify(signed / "run")
    assert alone.word == "whole"
    assert any("came with the record" in note for note in alone.notes)


def test_another_signer_than_the_one_that_was_asked_for(signed: Path) -> None:
    verdict = verify(signed / "run", keys=[signed / "other.pub"])
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
    facts["ledger"] = {"rows": len(lines), "head": json.loads(rechain([*lines, lines[-1]])[-1])["prev"]}
    (run / "run.json").write_text(json.dumps(facts))


def test_a_chain_written_anew_without_the_key(signed: Path, run: Path) -> None:
    forge(run)
    verdict = verify(run)
    assert verdict.word == "broken"
    assert any("those that were signed" in problem.what for problem in verdict.problems)


def test_a_chain_written_anew_and_the_signature_thrown_away(signed: Path, run: Path) -> None:
    """The first row said who would sign; and who has the key asks for it."""
    forge(run)
    (run / "attestation.json").unlink()
    verdict = verify(run)
    assert verdict.word == "incomplete"
    assert verdict.problems[0].file == "attestation.json"
    lines = lines_of(run)
    first = json.loads(lines[0])
    del first["signer"]
    put_lines(run, rechain([json.dumps(first).encode(), *lines[1:]]))
    head = json.loads(rechain([*lines_of(run), lines[-1]])[-1])["prev"]
    facts = json.loads((run / "run.json").read_text())
    facts["ledger"]["head"] = head
    (run / "run.json").write_text(json.dumps(facts))
    assert verify(run).word == "whole"  # what no chain can tell, and the note says so
    assert any("nobody signed this" in note for note in verify(run).notes)
    assert verify(run, keys=[signed / "mine.pub"]).word == "incomplete"


def test_a_chain_written_anew_and_signed_by_the_forger(signed: Path, run: Path) -> None:
    forge(run)
    signature.sign(run, signed / "other")
    assert verify(run, keys=[signed / "mine.pub"]).word == "broken"


def test_the_tail_cut_of_what_was_signed(run: Path) -> None:
    at = steps_of(run)[-2]
    put_lines(run, lines_of(run)[:at])
    facts = json.loads((run / "run.json").read_text())
    del facts["ledger"]
    (run / "run.json").write_text(json.dumps(facts))
    verdict = verify(run)
    assert verdict.word == "broken"
    assert any("its tail was cut" in problem.means and problem.row == at for problem in verdict.problems)


def test_any_byte_of_the_attestation(run: Path) -> None:
    path = run / "attestation.json"
    raw = path.read_bytes()
    envelope = json.loads(raw)
    where = [raw.index(envelope["payload"].encode()) + 900, raw.index(envelope["signatures"][0]["sig"].encode()) + 5, 2]
    for at in where:
        path.write_bytes(raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :])
        verdict = verify(run)
        assert verdict.word == "broken", at
        assert verdict.problems[0].file == "attestation.json"


def test_a_file_put_in_or_changed_after_it_was_signed(run: Path) -> None:
    (run / "checkpoints" / "step-99999999").mkdir()
    (run / "checkpoints" / "step-99999999" / "model.safetensors").write_bytes(b"x")
    (run / "data" / "loaders.json").write_text("[]")
    told = {problem.file for problem in verify(run).problems}
    assert {"checkpoints/step-99999999/model.safetensors", "data/loaders.json"} <= told


def test_another_nonce_than_the_one_that_was_given(signed: Path) -> None:
    verdict = verify(signed / "run", nonce="another")
    assert verdict.word == "broken"
    assert NONCE in verdict.problems[0].what


def test_a_bad_key_is_one_clear_line(signed: Path, tmp_path: Path) -> None:
    (tmp_path / "text").write_text("hello")
    for wrong in (tmp_path / "text", tmp_path / "none", signed / "mine", tmp_path):
        with pytest.raises(UserError, match="keygen"):
            verify(signed / "run", keys=[wrong])
    with pytest.raises(UserError, match="keygen"):
        signature.key_id(signed / "mine.pub")


def test_the_digest_that_rows_state_of_run_json(signed: Path) -> None:
    facts = json.loads((signed / "run" / "run.json").read_text())
    del facts["ledger"]
    end = json.loads(lines_of(signed / "run")[-1])
    assert end["run_json"] == digest_of(facts)
