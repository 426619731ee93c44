"""Two versions of a loop as one document."""

from __future__ import annotations

from pathlib import Path

from glassloop.annotate.diff import difference
from glassloop.annotate.html import to_html
from tests.annotate.test_annotate import LOOP


def test_a_difference_says_what_changed_in_a_step(tmp_path: Path) -> None:
    old, new = tmp_path / "old.py", tmp_path / "new.py"
    old.write_text(LOOP)
    new.write_text(LOOP.replace("        optimizer.zero_grad()  # forget the last step\n", ""))
    made = difference(str(old), str(new))
    assert "zero-grad" in made.summary[0]
    assert "zero-grad" not in made.summary[1]
    assert "Newly found: zero-grad-missing." in made.summary
    removed = [row for row in made.rows() if row.mark == "removed"]
    assert [row.code.strip() for row in removed] == ["optimizer.zero_grad()  # forget the last step"]
    assert not [row for row in made.rows() if row.mark == "added"]
    page = to_html(made)
    assert 'class="row removed"' in page
    assert page.count('id="L17"') == 1  # the line that is there now, not the one that is gone


def test_the_same_text_has_no_marks(tmp_path: Path) -> None:
    path = tmp_path / "loop.py"
    path.write_text(LOOP)
    made = difference(str(path), str(path))
    assert {row.mark for row in made.rows()} == {""}
    assert made.summary[0].startswith("One step does the same events")
