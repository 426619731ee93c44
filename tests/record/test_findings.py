"""findings.json over the sessions of a run."""

from __future__ import annotations

import json
from pathlib import Path

from glassloop.record import findings


def entry(rule: str, line: int = 1, step: int = 2, count: int = 1) -> dict[str, object]:
    return {"rule": rule, "path": "train.py", "line": line, "column": 1, "step": step, "count": count}


def test_a_first_session_is_written_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "findings.json"
    assert findings.earlier(path) == []
    findings.write(path, [], [entry("a")], 1)
    assert json.loads(path.read_text()) == [entry("a")]


def test_later_sessions_add_and_count(tmp_path: Path) -> None:
    path = tmp_path / "findings.json"
    findings.write(path, [], [entry("a", count=3), entry("b")], 1)
    before = findings.earlier(path)
    for _ in range(2):  # written at each finding, and once more at the end
        findings.write(path, before, [entry("a", step=7, count=2), entry("a", line=9)], 2)
    assert json.loads(path.read_text()) == [entry("a", count=5), entry("b"), {**entry("a", line=9), "session": 2}]


def test_what_is_no_list_of_findings_is_no_earlier_session(tmp_path: Path) -> None:
    path = tmp_path / "findings.json"
    for text in ("{", "[1]", '[{"rule": 1}]', "null"):
        path.write_text(text)
        assert findings.earlier(path) == []
