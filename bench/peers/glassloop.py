"""Ours: `glassloop run script.py`, no line in the script; and `glassloop check script.py`, which runs nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from peers.tool import Said, Tool

DRIVER = """\
import sys
sys.argv = ["glassloop", {arguments}, "user.py"]
from glassloop.cli import main
main()
"""
MODULES = ("glassloop.cli", "glassloop.watch", "glassloop.tap")


def _last(_: Path, folder: Path) -> Said:
    """What a run's last line of JSON says."""
    lines = [line for line in (folder / "out.txt").read_text(encoding="utf-8").splitlines() if line.startswith('{"run"')]
    return _loud(json.loads(lines[-1])["findings"])


def _all(_: Path, folder: Path) -> Said:
    """What a check's output says: JSON, whole."""
    out = (folder / "out.txt").read_text(encoding="utf-8")
    return _loud(json.JSONDecoder().raw_decode(out[out.index("[") :])[0])


def _loud(findings: list[dict[str, Any]]) -> Said:
    return {f["rule"]: f["message"] for f in findings if f["severity"] != "info"}


RUN = Tool(
    name="glassloop",
    install=(),
    modules=MODULES,
    driver=DRIVER.format(arguments='"run", "--no-record", "--format", "json"'),
    read=_last,
)
CHECK = Tool(
    name="glassloop check",
    install=(),
    modules=MODULES,
    driver=DRIVER.format(arguments='"check", "--format", "json"'),
    read=_all,
)
