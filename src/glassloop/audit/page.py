"""The report of an audit as a page that opens offline, and as Markdown. All that is text is escaped: it is not ours."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from html import escape
from typing import Any

from glassloop.audit.checks import SECTIONS
from glassloop.audit.report import SAID, Check, Report
from glassloop.record.page import folded, page, section, table

TITLES = {"record": "The record", "data": "The data", "sampling": "The sampling", "training": "The training"}
SYMBOLS = {"holds": "✓", "fails": "✗", "unknown": "?"}
LONGEST = 100_000  # characters of the numbers behind one check that a page shows; JSON has them all
LIMITS = "What a record cannot prove"
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufdd0-\ufdef\ufffe\uffff]")


def to_html(report: Report) -> str:
    """The whole page."""
    counts = ", ".join(f"{report.count(verdict)} {said}" for verdict, said in SAID.items())
    command = f"<pre><code>{escape(str(report.about['command']))}</code></pre>\n" if report.about.get("command") else ""
    head = f"<h1>Audit of {escape(report.run)}</h1>\n<p class=\"lead\">{counts}</p>\n{command}"
    parts = [head, section("At a glance", _glance(report))]
    for name in SECTIONS:
        parts.append(section(TITLES[name], "".join(_html(check) for check in report.checks if check.section == name)))
    parts.append(section(LIMITS, f"<ul>{''.join(f'<li>{escape(limit)}</li>' for limit in report.limits)}</ul>\n"))
    facts = {name: fact for name, fact in report.about.items() if fact is not None and name != "command"}
    parts.append(section("The run", table(facts)))
    return page(f"Audit of {report.run}", plain("".join(parts)))


def _glance(report: Report) -> str:
    rows = "".join(
        f'<tr><td>{_mark(check)}</td><td><a href="#{check.name}">{escape(check.asks)}</a></td></tr>\n'
        for check in report.checks
    )
    return f"<table><tbody>{rows}</tbody></table>\n"


def _html(check: Check) -> str:
    answer = check.answer
    change = f'<p class="more"><b>What would change it:</b> {escape(answer.change)}</p>' if answer.change else ""
    numbers = folded("the numbers", f"<pre><code>{escape(_numbers(answer.facts))}</code></pre>") if answer.facts else ""
    return (
        f'<article class="check {answer.verdict}" id="{check.name}">\n<h3>{escape(check.asks)}</h3>\n'
        f"<p>{_mark(check)} {escape(answer.says)}</p>\n"
        f'<p class="more"><b>Why it matters:</b> {escape(check.why)}</p>\n{change}{numbers}</article>\n'
    )


def _mark(check: Check) -> str:
    verdict = check.answer.verdict
    return f'<span class="verdict {verdict}">{SYMBOLS[verdict]} {SAID[verdict]}</span>'


def to_markdown(report: Report) -> str:
    """The same as Markdown: no HTML of the record's, and no link, comes through."""
    return plain("\n".join(_markdown(report)) + "\n")


def _markdown(report: Report) -> Iterable[str]:
    counts = ", ".join(f"{report.count(verdict)} {said}" for verdict, said in SAID.items())
    yield f"# Audit of {_escaped(report.run)}\n\n{counts}\n"
    if report.about.get("command"):
        yield _fenced(str(report.about["command"]))
    yield "| verdict | question |\n|---|---|"
    yield from (f"| {SAID[check.answer.verdict]} | {check.asks} |" for check in report.checks)
    for name in SECTIONS:
        yield f"\n## {TITLES[name]}"
        for check in report.checks:
            if check.section == name:
                yield from _told(check)
    yield f"\n## {LIMITS}\n"
    yield from (f"- {limit}" for limit in report.limits)


def _told(check: Check) -> Iterable[str]:
    answer = check.answer
    yield f"\n### {check.asks}\n\n**{SAID[answer.verdict]}**: {_escaped(answer.says)}\n\n*Why it matters.* {check.why}"
    if answer.change:
        yield f"\n*What would change it.* {_escaped(answer.change)}"
    if answer.facts:
        yield "\n" + _fenced(_numbers(answer.facts), "json")


def to_text(report: Report) -> Iterable[str]:
    """Lines for a terminal: a verdict and a sentence each, and what cannot be proved."""
    width = max(len(said) for said in SAID.values())
    for check in report.checks:
        yield plain(f"{SAID[check.answer.verdict]:<{width}}  {check.name}: {_one_line(check.answer.says)}")
    yield f"{LIMITS}: what the data is worth, whether runs were picked, who held the key; -o report.html says more"


def _numbers(facts: Any) -> str:
    text = json.dumps(facts, indent=1, ensure_ascii=False, default=str)
    text = re.sub(r"\[\s+([^\[\]{}]{1,90}?)\s+\]", lambda found: f"[{_one_line(found[1])}]", text)  # short lists on a line
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}\n… cut here; the JSON has all"


def _escaped(text: str) -> str:
    return re.sub(r"([\\`*_{}\[\]<>#|!~&])", r"\\\1", _one_line(text))


def _fenced(text: str, language: str = "") -> str:
    longest = max((len(found) for found in re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{text}\n{fence}\n"


def _one_line(text: str) -> str:
    return " ".join(text.split())


def plain(text: str) -> str:
    """The text without what no page may hold, and what turns the direction of a line round."""
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", text)


__all__ = ["plain", "to_html", "to_markdown", "to_text"]
