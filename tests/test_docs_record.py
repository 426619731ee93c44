"""docs/record.md: its commands are run, one after the other, on a run that was really recorded."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from glassloop.record.course import KINDS
from tests.record.recorded import write_script

TEXT = (Path(__file__).parents[1] / "docs" / "record.md").read_text(encoding="utf-8")
TOOLS = ("bash", "jq", "sha256sum", "openssl")


@pytest.mark.skipif(not all(map(shutil.which, TOOLS)), reason=f"needs {', '.join(TOOLS)}")
def test_a_third_party_can_check_it_all_with_its_own_tools(tmp_path: Path) -> None:
    write_script(tmp_path)
    blocks = "\n".join(re.findall(r"```sh\n(.*?)```", TEXT, re.DOTALL))
    start = f'set -euo pipefail\nglassloop() {{ "{sys.executable}" -m glassloop "$@"; }}\n'
    done = subprocess.run(["bash", "-c", start + blocks], cwd=tmp_path, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "whole: run" in done.stdout
    assert "Verified Successfully" in done.stdout
    assert "10\t" in done.stdout  # the loss of the last step
    raw = bytearray((tmp_path / "run" / "ledger.jsonl").read_bytes())
    raw[len(raw) // 2] ^= 1
    (tmp_path / "run" / "ledger.jsonl").write_bytes(raw)
    chain = next(block for block in re.findall(r"```sh\n(.*?)```", TEXT, re.DOTALL) if "digests" in block)
    done = subprocess.run(["bash", "-c", start + chain], cwd=tmp_path, capture_output=True, text=True, timeout=600)
    assert done.returncode != 0


def test_it_names_every_kind_of_row() -> None:
    table = "\n".join(line for line in TEXT.splitlines() if line.startswith("| `"))
    assert set(re.findall(r"`(\w+)`", "\n".join(line.split("|")[1] for line in table.splitlines()))) == set(KINDS)
