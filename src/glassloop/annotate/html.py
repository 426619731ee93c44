"""The document as one HTML page: words left, code right, light and dark; it needs no network and no script."""

from __future__ import annotations

import re
from collections.abc import Iterable
from html import escape
from pathlib import Path

from glassloop.annotate.blocks import Curve, Document, Note, Prose, Row
from glassloop.annotate.highlight import highlighted
from glassloop.findings import Finding
from glassloop.measured import conditions, measured
from glassloop.rules import Rule, all_rules

# What HTML forbids, and a script may hold.
UNFIT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufdd0-\ufdef\ufffe\uffff]")
LINE = re.compile(r"\bline (\d+)")


def to_html(document: Document) -> str:
    """The whole page."""
    style = Path(__file__).with_name("page.css").read_text(encoding="utf-8")
    body = "\n".join(_blocks(document))
    page = (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(document.title)}, annotated</title>\n<style>\n{style}</style>\n</head>\n<body>\n"
        f"{_head(document)}\n<main>\n{body}\n</main>\n{_rules(document)}\n{_foot(document)}\n</body>\n</html>\n"
    )
    return UNFIT.sub("\N{REPLACEMENT CHARACTER}", page)


def linked(text: str) -> str:
    """Escaped text whose `line 41` leads to that line."""
    return LINE.sub(r'<a href="#L\1">line \1</a>', escape(text))


def _head(document: Document) -> str:
    told = "\n".join(f"<p>{linked(sentence)}</p>" for sentence in document.summary)
    title = escape(document.title).replace("/", "/<wbr>")
    return f"<header>\n<h1>{title}</h1>\n{told}\n</header>"


def _foot(document: Document) -> str:
    pairs = "".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in document.stamp)
    return f"<footer>\n<h2>What this page is about</h2>\n<dl>{pairs}</dl>\n</footer>"


def _blocks(document: Document) -> Iterable[str]:
    """Prose stands beside the code that follows it."""
    waiting: list[Prose] = []
    for block in document.blocks:
        if isinstance(block, Prose):
            waiting.append(block)
            continue
        for row in block.rows:
            yield _row(row, waiting)
            waiting = []
    if waiting:
        yield f'<div class="row"><div class="words">{_prose(waiting)}</div><div class="lines"></div></div>'


def _row(row: Row, prose: list[Prose]) -> str:
    words = _prose(prose)
    words += f'<p class="author">{escape(row.comment)}</p>' if row.comment else ""
    words += "".join(_finding(finding) for finding in row.findings)
    words += "".join(_note(note) for note in row.notes)
    lines = _code(row)
    if row.figures:
        lines += '<ul class="figures">' + "".join(f"<li>{escape(f)}</li>" for f in row.figures) + "</ul>"
    lines += "".join(_curve(curve) for curve in row.curves)
    mark = f" {row.mark}" if row.mark else ""
    return f'<div class="row{mark}">\n<div class="words">{words}</div>\n<div class="lines">{lines}</div>\n</div>'


def _code(row: Row) -> str:
    lines = highlighted(row.bare)
    anchors = ("", "") if row.mark == "removed" else ("L", f"{row.first}")
    told = []
    for i, line in enumerate(lines):
        number = row.first + i
        anchor = f' id="L{number}"' if anchors[0] else ""
        told.append(f'<span class="l"{anchor}><span class="no">{number}</span><span class="t">{line}</span></span>')
    return f'<pre tabindex="0"><code>{"".join(told)}</code></pre>'


WIDE, HIGH = 180, 34  # of a curve, in pixels


def _curve(curve: Curve) -> str:
    """A small picture: the steps to the right, the values from the smallest to the largest."""
    steps, values = [p[0] for p in curve.points], [p[1] for p in curve.points]
    low, span, first = min(values), max(values) - min(values), steps[0]
    far = max(steps[-1] - first, 1)
    points = " ".join(
        f"{2 + (WIDE - 4) * (step - first) / far:.1f},{HIGH - 3 - (HIGH - 6) * (value - low) / span:.1f}"
        for step, value in curve.points
    )
    told = escape(f"{curve.name}: {values[0]:.4g} at step {first + 1}, {values[-1]:.4g} at step {steps[-1] + 1}")
    line = f'<polyline points="{points}" fill="none" stroke="currentColor" stroke-width="1.5"/>'
    picture = f'<svg role="img" aria-label="{told}" width="{WIDE}" height="{HIGH}" viewBox="0 0 {WIDE} {HIGH}">{line}</svg>'
    return f'<figure class="curve">{picture}<figcaption>{escape(curve.name)}</figcaption></figure>'


def _prose(prose: list[Prose]) -> str:
    return "".join(
        f'<div class="prose md">{rendered(p.text)}</div>' if p.markdown else f'<p class="prose">{escape(p.text)}</p>'
        for p in prose
        if p.text
    )


def rendered(text: str) -> str:
    """Markdown as HTML; HTML inside it is shown as text, so that a notebook cannot bring in a script."""
    from markdown_it import MarkdownIt

    return str(MarkdownIt("commonmark", {"html": False}).enable("table").render(text))


def _note(note: Note) -> str:
    parts = [f'<p><span class="topic">{escape(note.topic)}</span> {linked(note.what)}</p>']
    if note.why:
        parts.append(f'<p class="more">{linked(note.why)}</p>')
    if note.breaks:
        parts.append(f'<p class="more"><b>If it moves:</b> {linked(note.breaks)}</p>')
    if note.rules:
        links = " ".join(f'<a href="#rule-{name}">{_shown(name)}</a>' for name in note.rules)
        parts.append(f'<p class="tags">{links}</p>')
    return f'<div class="note">{"".join(parts)}</div>'


def _shown(name: str) -> str:
    return f"{name} (measured)" if name in measured() else name


def _finding(finding: Finding) -> str:
    name = f'<a class="name" href="#rule-{finding.rule}">{finding.severity.value}: {finding.rule}</a>'
    related = "".join(f"<p>line {where.line}: {escape(words)}</p>" for where, words in finding.related if words)
    fix = f"<p><b>Fix:</b> {escape(finding.fix)}</p>" if finding.fix else ""
    message = f"<p>{name}<br>{linked(finding.message)}</p>"
    return f'<div class="finding {finding.severity.value}" role="note">{message}{LINE.sub(_link, related)}{fix}</div>'


def _link(match: re.Match[str]) -> str:
    return f'<a href="#L{match[1]}">{match[0]}</a>'


def _rules(document: Document) -> str:
    cards = "\n".join(_card(rule) for rule in all_rules() if rule.name in document.rules)
    if not cards:
        return ""
    return f'<section class="rules">\n<h2>The rules that these lines are about</h2>\n{cards}\n</section>'


def _card(rule: Rule) -> str:
    card = rule.card
    told = [f"<p>{escape(card.what)}</p>", f"<p>{escape(card.why)}</p>"]
    told.append(f'<p class="more"><b>When it is meant:</b> {escape(card.intended)}</p>')
    told.append(f'<p class="more"><b>How to mend it:</b> {escape(card.fix)}</p>')
    cases = measured().get(rule.name, ())
    told += [f"<p><b>Measured, {escape(m.case)} ({m.verdict}):</b> {escape(m.says)}</p>" for m in cases]
    more = f"<code>glassloop explain {rule.name}</code>"
    if cases:
        more += f", <code>glassloop lab {rule.name}</code> runs the experiment again ({escape(conditions())})"
    told.append(f'<p class="more">More: {more}</p>')
    title = f"<h3>{rule.name} ({card.severity.value})</h3>"
    return f'<article class="card" id="rule-{rule.name}">{title}{"".join(told)}</article>'


