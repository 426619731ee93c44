"""docs/rules/ and docs/events.md are what their generator makes of the rules, and nothing else lies there."""

from __future__ import annotations

import runpy
from pathlib import Path

DOCS = Path(__file__).parents[1] / "docs"


def test_pages_are_up_to_date() -> None:
    made: dict[Path, str] = runpy.run_path(str(DOCS / "pages.py"))["pages"]()
    old = [path.name for path, text in made.items() if not path.exists() or path.read_text(encoding="utf-8") != text]
    assert not old, f"`make pages` writes them again: {old}"
    assert set((DOCS / "rules").iterdir()) == {path for path in made if path.parent.name == "rules"}
