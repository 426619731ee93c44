"""Reports written to a file: text as it is, a page as HTML or printed to PDF."""

from __future__ import annotations

import sys
from pathlib import Path

from glassloop.errors import UserError
from glassloop.record.files import write_atomic


def must_end(out: Path | None, endings: tuple[str, ...]) -> None:
    """Refuse a file whose ending does not say what to write. Raises UserError."""
    if out is not None and out.suffix not in endings:
        raise UserError(f"{out} ends in none of {', '.join(endings)}; the ending says what is written")


def must_be_run(run: Path) -> None:
    """Refuse what is no folder. Raises UserError."""
    if not run.is_dir():
        raise UserError(f"{run} is no folder; give the folder of a run")


def write_text(text: str, out: Path) -> Path:
    """Write `text`, whole or not at all, and return where it lies. Raises UserError."""
    try:
        write_atomic(out, text.encode("utf-8", "replace"))
    except OSError as error:
        raise UserError(f"{out} cannot be written ({error.strerror}); give another with -o") from error
    return out


def write_page(page: str, out: Path) -> Path:
    """Write an HTML page; where `out` ends in .pdf, print it, or leave the page beside it where no browser can."""
    if out.suffix != ".pdf":
        return write_text(page, out)
    from glassloop.annotate.pdf import find_browser, print_pdf

    browser = find_browser()
    try:
        why = "no browser of the Chromium family was found" if browser is None else print_pdf(browser, page, out)
    except OSError as error:
        raise UserError(f"{out} cannot be written ({error.strerror}); give another with -o") from error
    if not why:
        return out
    beside = write_text(page, out.with_suffix(".html"))
    print(f"note: no PDF: {why}; print {beside} from any browser instead", file=sys.stderr)
    return beside
