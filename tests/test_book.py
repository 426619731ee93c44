"""The book is a program: it is built here, and what it rests on is broken to see that the build stops."""

from __future__ import annotations

import importlib
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import html5lib
import pytest

BOOK = Path(__file__).parents[1] / "docs" / "book"


@pytest.fixture(scope="module")
def press() -> ModuleType:
    sys.path.insert(0, str(BOOK))
    try:
        for name in ("chapter", "html", "links", "source"):
            importlib.import_module(f"press.{name}")
        return importlib.import_module("press")
    finally:
        sys.path.remove(str(BOOK))


@pytest.fixture(scope="module")
def built() -> Path:
    """The quick form: every experiment and every poisoned loop is run, no notebook and no PDF."""
    done = subprocess.run([sys.executable, BOOK / "build.py", "--quick"], capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stderr
    return BOOK / "_build"


@pytest.mark.parametrize("name", ["loop", "poison", "claims"])
def test_a_page_is_valid_and_stands_alone(built: Path, name: str):
    text = (built / f"{name}.html").read_text(encoding="utf-8")
    html5lib.HTMLParser(strict=True).parse(text)
    assert "<script" not in text
    assert "prefers-color-scheme: dark" in text
    assert 'name="viewport"' in text
    assert not re.search(r"\{(=|cut|experiment|figure|holds|covers|claim)\b", text)  # every directive was carried out


def test_every_line_of_production_stands_on_the_page(built: Path):
    text = (built / "loop.html").read_text(encoding="utf-8")
    source = (BOOK.parents[1] / "src/glassloop/loops/production/train.py").read_text(encoding="utf-8")
    shown = {int(number) for number in re.findall(r'id="production-train-(\d+)"', text)}
    assert shown >= {n for n, line in enumerate(source.splitlines(), 1) if line.strip()}


def test_a_cut_whose_line_is_gone_ends_the_build(press: ModuleType):
    with pytest.raises(press.source.BookError, match="stands in 0 lines"):
        press.source.cut('five_lines/train.py "optimizer.zero_gradient()"')
    with pytest.raises(press.source.BookError, match="stands in 2 lines"):
        press.source.cut('production/train.py "save(epoch, batches_done)"')
    with pytest.raises(press.source.BookError, match=r"no line of .* after line"):
        press.source.cut('five_lines/train.py "optimizer.step()" .. "optimizer.zero_grad()"')


def test_a_line_of_production_that_nobody_explains_ends_the_build(
    press: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    text = (BOOK / "loop.md").read_text(encoding="utf-8")
    (tmp_path / "loop.md").write_text(re.sub(r"^\{cut production.*unscale_.*\n", "", text, flags=re.MULTILINE), "utf-8")
    monkeypatch.setattr(press.chapter, "BOOK", tmp_path)
    with pytest.raises(press.source.BookError, match=r"loop\.md, line \d+: production/train.py has lines that"):
        press.chapter.check_cuts("loop")


def test_a_sentence_that_does_not_hold_ends_the_build(press: ModuleType):
    names = {"poison": {"x": 0.1}}
    press.source.must_hold('poison["x"] < 0.2', names)
    with pytest.raises(press.source.BookError, match="no longer holds"):
        press.source.must_hold('poison["x"] > 0.2', names)
    with pytest.raises(press.source.BookError, match="KeyError"):
        press.source.filled('{= poison["y"]:.1f}', names)


def test_an_experiment_that_comes_out_otherwise_ends_the_build(press: ModuleType, monkeypatch: pytest.MonkeyPatch):
    evidence = importlib.import_module("press.evidence")
    known = evidence.known_experiments()
    rule = "zero-grad-between-backward-and-step"
    wrong = known[rule].__class__(known[rule].loop, (), known[rule].cases[:1])  # the loop without its mistake
    monkeypatch.setattr(evidence, "known_experiments", lambda: {rule: wrong})
    with pytest.raises(press.source.BookError, match="published as worse, seen: same"):
        evidence.Evidence([rule], [])


def test_a_link_that_leads_nowhere_is_found(press: ModuleType, tmp_path: Path):
    page = tmp_path / "a.html"
    page.write_text('<a href="#there">x</a><a href="b.html">x</a><a href="https://x.org">x</a><p id="here">')
    wrong, elsewhere = press.links.check([page])
    assert wrong == ["a.html: #there leads to no anchor", "a.html: b.html leads to no file"]
    assert elsewhere == ["https://x.org"]


@pytest.mark.full
def test_the_whole_book(built: Path):
    """With the notebook, which runs every experiment again, and the PDF where there is a browser."""
    done = subprocess.run([sys.executable, BOOK / "build.py"], capture_output=True, text=True, timeout=1800)
    assert done.returncode == 0, done.stderr
    assert (built / "book.ipynb").stat().st_size > 100_000
    assert (built / "boundary.webp").exists()
    assert "no PDF" in done.stderr or (built / "loop.pdf").read_bytes().startswith(b"%PDF")
