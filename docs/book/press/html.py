"""Chapters as HTML pages: self-contained, offline, no script; code beside its words, one column on a phone and in print."""

from __future__ import annotations

import base64
import io
import re
import textwrap
from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import Any

from markdown_it import MarkdownIt
from PIL import Image

from glassloop.annotate.highlight import highlighted

from .chapter import CHAPTERS, Chapter, Piece
from .evidence import ROOT, Case
from .source import Cut

STYLE = Path(__file__).with_name("page.css")
REPOSITORY = "https://github.com/glassloop/glassloop/blob/main/src/glassloop/loops/"
_markdown = MarkdownIt("commonmark", {"html": False}).enable("table")
_HELD = {"true": "True", "false": "False", "depends": "It depends", "not measured": "Not measured"}
_SAID = {
    "raises": "raises", "warns": "warns", "worse": "visibly worse", "silent": "silent", "same": "no effect", "": "",
}  # fmt: skip


def page(chapter: Chapter, titles: dict[str, str]) -> str:
    """The whole page. `titles`: of all chapters, by name, for the links between them."""
    body = "\n".join(_rows(chapter.pieces))
    links = [(f"{name}.html", title) for name, title in titles.items() if name != chapter.name]
    links.append(("claims.html", "The ledger of claims"))
    nav = " · ".join(f'<a href="{href}">{escape(title)}</a>' for href, title in links)
    contents = _contents(chapter.pieces)
    return _document(chapter.title, f"<main>{body}</main>\n<footer><p>{nav}</p></footer>", contents)


def plain_page(title: str, text: str) -> str:
    """A page of Markdown alone, such as the ledger."""
    text = re.sub(r"\]\((?!#|[a-z]+:)", "](../../", text)  # it stands in docs/, the page in docs/book/_build/
    nav = " · ".join(f'<a href="{name}.html">{name}</a>' for name in CHAPTERS)
    return _document(title, f'<main><div class="text">{_words(text)}</div></main><footer><p>{nav}</p></footer>', "")


def _document(title: str, body: str, contents: str) -> str:
    kind = "" if 'class="row"' in body else ' class="single"'
    style = STYLE.read_text(encoding="utf-8")
    return (
        f'<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>{escape(title)}</title>\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<style>\n{style}</style>\n</head>\n<body{kind}>\n{contents}{body}\n</body>\n</html>\n"
    )


def _contents(pieces: list[Piece]) -> str:
    found = [line[3:] for piece in pieces if piece.kind == "text" for line in piece.data.splitlines() if line[:3] == "## "]
    items = "".join(f'<li><a href="#{slug(line)}">{escape(line)}</a></li>' for line in found)
    return f'<nav aria-label="Contents"><details open><summary>Contents</summary><ol>{items}</ol></details></nav>\n'


def _rows(pieces: list[Piece]) -> Iterator[str]:
    """Code and all that belongs to it, up to the next code or heading, make a row: words left, what was run right."""
    row: list[str] = []
    words: list[str] = []  # what stands together on the left
    beside = False  # a piece of code has opened the row

    def put_words() -> None:
        nonlocal words
        if words:  # on a phone, the words stand above the code that they are about
            row.insert(0 if len(row) == 1 and beside else len(row), f'<div class="words">{"".join(words)}</div>\n')
        words = []

    def flush() -> Iterator[str]:
        nonlocal row, beside
        put_words()
        if row:
            yield f'<section class="{"row" if beside else "text"}">\n{"".join(row)}\n</section>'
        row, beside = [], False

    for piece in pieces:
        if piece.kind == "cut":
            yield from flush()
            row, beside = [_code(piece.data)], True
        elif piece.kind == "text":
            before, after = _at_heading(piece.data)
            words += [_words(before)] if before.strip() else []
            if after:
                yield from flush()
                words.append(_words(after))
        elif piece.kind == "claim":
            words.append(_block(piece))
        else:
            put_words()
            row.append(_block(piece))
    yield from flush()


def _at_heading(text: str) -> tuple[str, str]:
    match = re.search(r"^##? ", text, re.MULTILINE)
    return (text[: match.start()], text[match.start() :]) if match else (text, "")


def slug(heading: str) -> str:
    """The anchor of a heading."""
    return re.sub(r"[^\w]+", "-", re.sub(r"[`*]", "", heading).lower()).strip("-")


def _words(text: str) -> str:
    html = _markdown.render(text)
    return re.sub(r"<h([1-4])>(.*?)</h\1>", lambda m: f'<h{m[1]} id="{slug(_bare(m[2]))}">{m[2]}</h{m[1]}>', html)


def _bare(html: str) -> str:
    return re.sub(r"<[^>]+>", "", html)


def _inline(text: str) -> str:
    return str(_markdown.renderInline(text))


def _code(cut: Cut) -> str:
    rung = cut.file.replace("/", "-").removesuffix(".py")
    lines = highlighted(textwrap.dedent("\n".join(cut.lines)))
    rows = "".join(
        f'<span class="l{" ruler" if "# ----" in line else ""}" id="{rung}-{n}">'
        f'<span class="no">{n}</span><span class="t">{line}</span></span>'
        for n, line in enumerate(lines, cut.first)
    )
    where = f"{cut.file}, line{'s' if len(lines) > 1 else ''} {cut.first}" + (f" to {cut.last}" if len(lines) > 1 else "")
    link = f'<a href="{REPOSITORY}{cut.file}#L{cut.first}-L{cut.last}">{where}</a>'
    return f'<figure class="code"><figcaption>{link}</figcaption><pre tabindex="0">{rows}</pre></figure>'


def _block(piece: Piece) -> str:
    if piece.kind == "experiment":
        return _experiment(piece.words, piece.data)
    if piece.kind == "poison":
        return _poison(piece.data)
    if piece.kind == "table":
        return _table(piece.data)
    if piece.kind == "claim":
        link = f'<a href="claims.html#{piece.words}">how it was tried</a>'
        says = escape(piece.data.says.rstrip("."))
        return f'<p class="claim">Said elsewhere: “{says}.” <strong>{_HELD[piece.data.verdict]}</strong>: {link}.</p>'
    picture = piece.data
    if picture.suffix == ".svg":
        svg = picture.read_text(encoding="utf-8")
        svg = svg[svg.index("<svg") :].replace("<svg", f'<svg role="img" aria-label="{escape(piece.words)}"', 1)
    else:
        svg = _image("moving", piece.words, "webp", picture.read_bytes())
        svg += _image("still", piece.words, "png", _last_frame(picture))  # in print, and for who wants nothing to move
    return f'<figure class="{piece.kind}">{svg}<figcaption>{_inline(piece.words)}</figcaption></figure>'


def _image(kind: str, words: str, form: str, data: bytes) -> str:
    text = base64.b64encode(data).decode()
    return f'<img class="{kind}" alt="{escape(words)}" src="data:image/{form};base64,{text}">'


def _last_frame(animation: Path) -> bytes:
    frame, out = Image.open(animation), io.BytesIO()
    frame.seek(getattr(frame, "n_frames", 1) - 1)
    frame.convert("P", palette=Image.Palette.ADAPTIVE).save(out, "png")
    return out.getvalue()


def _experiment(name: str, cases: list[Case]) -> str:
    items = "".join(
        f'<li><span class="verdict {case.verdict}">{_SAID[case.verdict]}</span> <strong>{escape(case.name)}.</strong> '
        f"{escape(case.says)}</li>"
        for case in cases
    )
    title = f"Tried: <code>{name}</code>"
    return f'<aside class="tried"><p class="name">{title}</p><ul>{items}</ul></aside>'


def _poison(found: Any) -> str:
    code = "".join(f'<span class="l"><span class="t">{line}</span></span>' for line in highlighted(found.poison))
    return f'<figure class="code inset"><figcaption>What was added</figcaption><pre tabindex="0">{code}</pre></figure>'


def _table(found: list[Any]) -> str:
    def share(value: float) -> str:
        return f"{value * 100:.1f} %"

    rows = "".join(
        f"<tr><th scope='row'>{escape(one.title)}</th><td>{share(one.honest['val_accuracy'])}</td>"
        f"<td>{share(one.poisoned['val_accuracy'])}</td><td>{', '.join(one.check) or 'nothing'}</td>"
        f"<td>{', '.join(one.watch) or 'nothing'}</td></tr>"
        for one in found
    )
    titles = ("What the loop does", "honest loop reports", "it reports", "check says", "watch says")
    head = "".join(f"<th scope='col'>{title}</th>" for title in titles)
    return f'<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>'


def ledger_text() -> str:
    """docs/claims.md, as it is."""
    return (ROOT / "docs" / "claims.md").read_text(encoding="utf-8")
