"""What a run measured, brought to the lines of its script: calls, share of the time, shapes, loss, rate, gradient norm."""

from __future__ import annotations

import hashlib
import json
import os
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from glassloop.annotate.blocks import Block, Code, Curve, Document, Row
from glassloop.annotate.reading import Reading
from glassloop.errors import UserError
from glassloop.events import CLIP, GRAD_ON, KINDS, OPAQUE, PASS_BEGIN, PASS_END, STEP
from glassloop.findings import Where
from glassloop.record import manifest

Measured = Mapping[str, Any]
QUIET = frozenset({PASS_BEGIN, PASS_END, GRAD_ON, OPAQUE})


def with_run(document: Document, reading: Reading, run: Path) -> Document:
    """The document with the figures of the run folder `run`. Raises UserError where it is no run of this very text."""
    lines = _read(run)
    name = _name_in(run, reading.text.path)
    places = _places(reading, name)
    told: dict[int, list[Measured]] = defaultdict(list)
    for row in lines["lines"]:
        for line in places.get((row["path"], row["line"], row["kind"]), ()):
            told[line].append({**row, "shared": len(places[row["path"], row["line"], row["kind"]]) > 1})
    blocks: list[Block] = [_block(block, told, lines) for block in document.blocks]
    return replace(document, blocks=blocks, summary=[*document.summary, *_summary(lines)], stamp=_stamp(document, run))


def _read(run: Path) -> Measured:
    path = run / "lines.json"
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        found["lines"], found["steps"]
    except FileNotFoundError:
        remedy = "make the run with `glassloop run --profile`"
        raise UserError(f"{path} is not there; {remedy}") from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UserError(f"{path} cannot be read ({type(error).__name__}); make the run again") from None
    return dict(found)


def _name_in(run: Path, path: str) -> str:
    """The name under which a run knows the text at `path`: by its digest, so that every figure stands at its own line."""
    record = manifest.read(run)
    if record is None:
        raise UserError(f"{run} holds no run.json; give a run folder")
    sources = dict(record["sources"])
    for session in record["sessions"]:
        sources |= session.get("changed", {}).get("sources", {})
    digest = hashlib.sha256(Path(path).read_bytes()).hexdigest()
    same = [str(name) for name, known in sources.items() if known == digest]
    if not same:
        raise UserError(f"{path} is not the text that {run} ran; annotate {run / 'source'}, or run it again with --profile")
    return next((name for name in same if os.path.basename(name) == os.path.basename(path)), same[0])


def _places(reading: Reading, name: str) -> dict[tuple[str, int, str], set[int]]:
    """By an event's file, line and kind as a run tells them: the lines of the script that speak of it.

    An event in another file belongs to the line that led there.
    """
    script = reading.text.path
    folder = os.path.dirname(script)
    found: dict[tuple[str, int, str], set[int]] = defaultdict(set)
    for line, node in reading.layout.at.items():
        for kind in KINDS:
            found[name, line, kind].add(node.lineno)
    for trace in reading.traces:
        for event, chain in zip(trace.events, trace.chains, strict=True):
            mine = [at for path, at in chain if path == script]
            if isinstance(event.at, Where) and event.at.path != script and mine:
                other = os.path.relpath(event.at.path, folder or ".").replace(os.sep, "/")
                found[other, event.at.line, event.kind].add(mine[-1])
    return found


def _block(block: Block, told: Mapping[int, list[Measured]], lines: Measured) -> Block:
    if not isinstance(block, Code):
        return block
    return replace(block, rows=tuple(_row(row, told, lines) for row in block.rows))


def _row(row: Row, told: Mapping[int, list[Measured]], lines: Measured) -> Row:
    mine = [m for line in range(row.first, row.last + 1) for m in told.get(line, ())]
    return replace(row, figures=tuple(_figures(mine, lines)), curves=tuple(_curves(mine))) if mine else row


def _curves(mine: Iterable[Measured]) -> Iterable[Curve]:
    """Loss, rate and gradient norm over the steps, where they were read more than twice and changed."""
    for m in mine:
        for name, word in (("loss", "loss"), ("lr", "learning rate"), ("grad_norm", "gradient norm")):
            points = tuple((int(step), float(value)) for step, value in m.get(name, ()))
            if len(points) > 2 and len({value for _, value in points}) > 1:
                yield Curve(word, points)


def _figures(mine: Iterable[Measured], lines: Measured) -> Iterable[str]:
    """What is told of one line, the share of the time first."""
    mine = [m for m in mine if m["kind"] not in QUIET]
    seconds = sum(m.get("seconds", 0.0) for m in mine)
    if lines.get("seconds") and any("seconds" in m for m in mine):
        each = seconds / max(1, max(m.get("timed", 1) for m in mine))
        yield f"{100 * seconds / lines['seconds']:.1f} % of the time, {_duration(each)} a call"
    for m in mine:
        shared = " (with another line that calls the same)" if m.get("shared") else ""
        yield f"{m['kind']}: {m['calls']:,} call{'s' if m['calls'] != 1 else ''}{shared}"
    for m in mine:
        yield from _values(m)


def _values(m: Measured) -> Iterable[str]:
    for name, word in (("in", "given"), ("out", "gives")):
        if m.get(name):
            yield f"{word} {' or '.join(' and '.join(_shape(s) for s in shapes) for shapes in m[name])}"
    if m.get("loss"):
        yield f"loss {_run_of(m['loss'])}"
    if m.get("lr"):
        yield f"learning rate {_run_of(m['lr'])}"
    if m.get("grad_norm"):
        which = "as applied " if m["kind"] == STEP else "before clipping " if m["kind"] == CLIP else ""
        yield f"gradient norm {which}{_run_of(m['grad_norm'])}"
    if m.get("grad_norm") and m.get("limit") is not None:
        over = sum(value > m["limit"] for _, value in m["grad_norm"])
        yield f"over the limit {m['limit']:g} at {over} of {len(m['grad_norm'])} sampled steps"
    if m.get("memory"):
        yield f"{m['memory'] / 2**20:,.0f} MiB on the device afterwards"


def _run_of(series: list[list[float]]) -> str:
    """First, largest and last of a sampled series."""
    values = [value for _, value in series]
    if len(set(values)) == 1:
        return f"{values[0]:.4g}"
    return f"{values[0]:.4g} → {values[-1]:.4g}, at most {max(values):.4g}"


def _shape(shape: list[int]) -> str:
    return " x ".join(map(str, shape)) if shape else "a number"


def _duration(seconds: float) -> str:
    if seconds < 1e-3:
        return f"{1e6 * seconds:,.0f} µs"
    return f"{1e3 * seconds:,.1f} ms" if seconds < 1 else f"{seconds:,.1f} s"


def _summary(lines: Measured) -> Iterable[str]:
    if not lines.get("seconds"):
        yield f"The run took {lines['steps']:,} steps; what its lines cost was not measured (--profile does that)."
        return
    heard = sum(row.get("seconds", 0.0) for row in lines["lines"])
    told = f"The run took {lines['steps']:,} steps. Time is that of {lines['timed']}, from the first to the last, "
    told += f"{_duration(lines['seconds'])}; {100 * heard / lines['seconds']:.0f} % of it went into the lines with a share."
    yield told
    yield f"Values were read at sampled steps: {lines['sampled']}."
    if lines.get("peak_memory"):
        yield f"Largest memory of the process: {lines['peak_memory'] / 2**20:,.0f} MiB."


def _stamp(document: Document, run: Path) -> list[tuple[str, str]]:
    """The stamp, with what the run says of itself."""
    record = manifest.read(run) or {}
    torch = (record.get("environment", {}).get("packages") or {}).get("torch")
    seed = record.get("seed")
    known = {"torch": torch, "seed": None if seed is None else str(seed)}
    told = [(name, known.get(name) or value) for name, value in document.stamp]
    return [*told, ("run", f"{run.name}, {record.get('status')}, begun {record.get('started')}")]


