"""Builds the book into docs/book/_build: HTML pages, an executed notebook and a PDF. `make book` calls it.

    python docs/book/build.py [--quick]

Whatever the book says that is not so ends the build: a cut whose line is gone, an experiment that comes out otherwise, a
sentence whose number does not hold, a link that leads nowhere. `--quick` leaves out the notebook, the PDF and the new
training of the spiral.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from press import html, links
from press.chapter import CHAPTERS, annotated, check_cuts, compose, evidence_for, run_of_spiral
from press.source import BookError

OUT = Path(__file__).parent / "_build"


def build(quick: bool) -> list[Path]:
    """Makes everything; returns the files. Raises BookError."""
    for name in CHAPTERS:
        check_cuts(name)
    shutil.rmtree(OUT, ignore_errors=True)
    OUT.mkdir(parents=True)
    with tempfile.TemporaryDirectory() as folder:
        figures = Path(folder)
        if not quick:
            say("training the spiral, 60 epochs, for the animation ...")
            run_of_spiral(figures)
        say("running the experiments ...")
        evidence = evidence_for()
        say("drawing the figures ...")
        chapters = [compose(name, evidence, figures) for name in CHAPTERS]
        titles = {chapter.name: chapter.title for chapter in chapters}
        made = [OUT / f"{chapter.name}.html" for chapter in chapters]
        for chapter, path in zip(chapters, made, strict=True):
            path.write_text(html.page(chapter, titles), encoding="utf-8")
        made.append(OUT / "claims.html")
        made[-1].write_text(html.plain_page("The ledger of claims", html.ledger_text()), encoding="utf-8")
        made.append(OUT / "production.html")
        annotated("production", made[-1])
        wrong, elsewhere = links.check(made)
        if wrong:
            raise BookError("; ".join(wrong))
        say(f"links: all lead somewhere; {len(elsewhere)} to other sites, not followed")
        return made if quick else made + _others(chapters, made, figures)


def _others(chapters: list, pages: list[Path], figures: Path) -> list[Path]:
    """The notebook and the PDFs. Without a browser there is no PDF, and one line says so."""
    from press import notebook

    from glassloop.annotate.pdf import find_browser, print_pdf

    say("running the notebook ...")
    made = [OUT / "book.ipynb"]
    notebook.write(chapters, made[0], figures)
    browser = find_browser()
    if browser is None:
        say("no PDF: install chromium, or print the HTML from your browser")
        return made
    say("printing ...")
    for page in pages[: len(CHAPTERS)]:
        out = page.with_suffix(".pdf")
        why = print_pdf(browser, page.read_text(encoding="utf-8"), out)
        if why:
            raise BookError(why)
        made.append(out)
    return made


def say(words: str) -> None:
    """One line of progress."""
    print(words, file=sys.stderr, flush=True)


def main() -> int:
    """The command line; 1 where the book says something that is not so."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="HTML alone, with the animation that is there")
    try:
        made = build(parser.parse_args().quick)
    except BookError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    for path in made:
        print(f"{path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path}  {path.stat().st_size:,} bytes")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
