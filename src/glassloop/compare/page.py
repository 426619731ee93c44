"""A comparison for people: lines for a terminal, and a page that opens offline."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from glassloop.audit.page import plain
from glassloop.compare import Comparison
from glassloop.compare.facts import Differs, SourceDiffers
from glassloop.record.curves import overlaid_svg
from glassloop.record.page import folded, page, section, shown

FEW = 6  # differences of one kind that a terminal is told


def to_text(found: Comparison) -> Iterable[str]:
    """What differs, a line each; a stranger's names can neither end a line nor steer a terminal."""
    return (plain(line.replace("\n", " ")) for line in _lines(found))


def _lines(found: Comparison) -> Iterable[str]:
    yield "the same training" if found.same else "not the same training"
    for letter, name, word in zip("AB", found.names, found.words, strict=True):
        yield f"  {letter}  {name} (the record is {word})"
    for one in found.source:
        yield f"source       {one.name}: {one.why or _counted(one.lines)}"
    groups = (("settings", found.config), ("command", found.command), ("data", found.data), ("result", found.final))
    for title, facts in (*groups, ("machine", found.environment)):
        yield from (f"{title:<12} {_pair(one)}" for one in facts[:FEW])
        if len(facts) > FEW:
            yield f"{title:<12} and {len(facts) - FEW} more"
    yield f"data order   {order_text(found)}"
    yield from (f"steps        {line}" for line in _steps(found))
    times = found.time.items()
    yield from (f"time         {name}: {shown(a)} and {shown(b)}" for name, (a, b) in times if a != b)
    yield from (f"note         {text}" for text in found.missing)


def order_text(found: Comparison) -> str:
    """Where the order of the training data first differs, in a sentence."""
    if found.order is None:
        return "not recorded in both" if found.parted is None else "the same as far as both go"
    at = found.order
    if at.place is None:
        return f"differs from step {at.step} on"
    one, other = (f"index {index}" if index is not None else "nothing more" for index in (at.a, at.b))
    return f"differs from step {at.step} on: its sample {at.place + 1} is {one} in A, {other} in B"


def _steps(found: Comparison) -> list[str]:
    if found.parted is None:
        return ["not recorded in both"]
    a, b = found.parted.steps
    if not found.parted.rows:
        return [f"all {a:,} steps are the same, bit for bit"]
    first = found.parted.first[0].text.replace(" recorded, ", " in A, ").replace(" now", " in B")
    return [f"first difference: {first}", f"{found.parted.rows:,} rows differ; A has {a:,} steps, B has {b:,}"]


def _pair(one: Differs) -> str:
    return f"{one.name}: {' -> '.join(_both(one))}"


def _both(one: Differs) -> tuple[str, str]:
    """Both values as people read them; in full where that would hide the difference."""
    a, b = shown(one.a), shown(one.b)
    return (a, b) if a != b else (repr(one.a), repr(one.b))


def _counted(lines: Sequence[str]) -> str:
    gone = sum(line.startswith("-") and not line.startswith("--- ") for line in lines)
    come = sum(line.startswith("+") and not line.startswith("+++ ") for line in lines)
    return f"{gone} lines removed, {come} added"


def to_html(found: Comparison) -> str:
    """The whole page."""
    verdict = "The same training" if found.same else "Not the same training"
    rows = "".join(
        f"<tr><th>{letter}</th><td>{escape(name)}</td><td>the record is {escape(word)}</td></tr>"
        for letter, name, word in zip("AB", found.names, found.words, strict=True)
    )
    svg = overlaid_svg([("A", found.curves[0]), ("B", found.curves[1])])
    lines = (*_steps(found), f"order of the training data: {order_text(found)}")
    steps = "".join(f"<li>{escape(line)}</li>" for line in lines)
    parts = [
        f"<h1>{verdict}</h1>\n<table><tbody>{rows}</tbody></table>\n",
        section("Step by step", f"<ul>{steps}</ul>\n{_first(found)}"),
        section("Curves", f'<figure class="curves">{svg}</figure>\n' if svg else ""),
        section("Result", _facts(found.final)),
        section("Settings and command", _facts([*found.config, *found.command])),
        section("Data", _facts(found.data)),
        section("Source", "".join(_source(one) for one in found.source)),
        section("Time", _facts([Differs(name, *pair) for name, pair in found.time.items()])),
        section("What they ran on", _facts(found.environment)),
        section("Not compared", "".join(f"<p>{escape(text)}</p>\n" for text in found.missing)),
    ]
    return page("Two runs compared", plain("".join(parts)))


def _first(found: Comparison) -> str:
    if found.parted is None or len(found.parted.first) < 2:
        return ""
    more = "".join(f"<li>{escape(one.text)}</li>" for one in found.parted.first)
    return folded("the first differences; recorded is A, now is B", f"<ul>{more}</ul>")


def _facts(facts: Sequence[Differs]) -> str:
    rows = "".join(map(_row, facts))
    head = "<thead><tr><th></th><th>A</th><th>B</th></tr></thead>"
    return f'<div class="wide"><table>{head}<tbody>{rows}</tbody></table></div>\n' if rows else ""


def _row(one: Differs) -> str:
    a, b = map(escape, _both(one))
    return f"<tr><th>{escape(one.name)}</th><td>{a}</td><td>{b}</td></tr>\n"


def _source(one: SourceDiffers) -> str:
    if not one.lines:
        return f"<p><code>{escape(one.name)}</code>: {escape(one.why)}</p>\n"
    kinds = {"+": "added", "-": "removed", "@": "place"}
    lines = "".join(f'<span class="{kinds.get(line[:1], "")}">{escape(line)}</span>\n' for line in one.lines)
    return folded(one.name, f'<pre class="diff"><code>{lines}</code></pre>', is_open=True)
