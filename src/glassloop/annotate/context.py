"""What surrounds each event: what came before it and comes after it, which loops it stands in, how often it happens.

A note must say of a clearing whether it stands before the backward or after the step; that is read off the stream, never off
names.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise

from glassloop.annotate.reading import LOOPS, Layout, Reading, Trace
from glassloop.events import (
    AVERAGED,
    BACKWARD,
    BATCH,
    BY,
    DRAWN,
    END,
    EVAL_MODE,
    FORWARD,
    GRAD,
    GRAD_OFF,
    GRAD_ON,
    HELD,
    LOSS_MADE,
    MADE,
    OPAQUE,
    OPTIMIZER,
    ORDER,
    PASS_BEGIN,
    REJECTED,
    SCALED,
    SCHEDULE,
    SEED,
    STEP,
    SYNC,
    TRAIN_MODE,
    UNIT,
    ZERO_GRAD,
    Event,
    Ref,
)
from glassloop.findings import Where
from glassloop.source.player import Chain

ASIDE = {SYNC: "read", SEED: "seed", AVERAGED: "", REJECTED: "", HELD: "", DRAWN: ""}  # events of the text alone, as remarks
CYCLE = frozenset({ZERO_GRAD, BACKWARD, STEP})
OFTEN = 3  # occurrences of one event at one line that are looked at on each path: a loop repeats itself


@dataclass
class Seen:
    """One event at one statement, as it was met: the event and what surrounds it."""

    event: Event
    line: int
    told: dict[str, object] = field(default_factory=dict)


@dataclass
class Loop:
    """A loop of the script, by what happened in it on any path."""

    node: ast.stmt
    kinds: set[str] = field(default_factory=set)
    own: set[str] = field(default_factory=set)  # those that happen in no loop further inside
    holds: set[int] = field(default_factory=set)  # lines of the loops inside it, through calls too
    passes: bool = False  # its own header hands over batches


class Context:
    """All that the notes ask about."""

    def __init__(self, reading: Reading) -> None:
        self.reading = reading
        self.layout = reading.layout
        self.path = reading.text.path
        self.at: dict[int, dict[str, list[Seen]]] = defaultdict(lambda: defaultdict(list))  # by line, then kind
        self.through: dict[int, dict[str, int]] = defaultdict(dict)  # calls: by line, the kinds they led to and their order
        self.remarks: dict[int, set[str]] = defaultdict(set)
        self.loops: dict[int, Loop] = {}
        self.made: dict[tuple[int, Ref], int] = {}  # the line of an optimizer's or schedule's making, by path and Ref
        self.steps = any(e.kind == STEP for trace in reading.traces for e in trace.events)
        self.units: dict[int, object] = {}  # what the length of the schedule made at a line counts
        self.callers: dict[int, set[int]] = defaultdict(set)  # by a function's line, the lines that call it
        self.goes: dict[int, ast.stmt] = {}  # by a line that calls, the function of the script that it calls
        self._known: set[tuple[int, int]] = set()
        for number, trace in enumerate(reading.traces):
            self._read(number, trace)

    def line_of(self, place: object) -> int | None:
        """The first line of the script's statement at a place; None where the place is in another file."""
        if not isinstance(place, Where) or place.path != self.path:
            return None
        node = self.layout.at.get(place.line)
        return place.line if node is None else node.lineno

    def _read(self, number: int, trace: Trace) -> None:
        view = View(trace)
        met: dict[tuple[int, str, object], int] = defaultdict(int)
        for i, (event, chain) in enumerate(zip(trace.events, trace.chains, strict=True)):
            line = self.line_of(event.at)
            inner = [at for path, at in (chain[:-1] if line is not None else chain) if path == self.path]
            if line is None and inner:  # in another file: the line that led there speaks for it
                line = inner.pop()
            self._loops(event, line, inner)
            if event.kind == MADE and event.what is not None and line is not None:
                self.made[number, event.what] = line
                self.units[line] = event.facts.get(UNIT, self.units.get(line))
            if event.kind in ASIDE:  # said in other words, or by findings
                if line is not None and ASIDE[event.kind]:
                    self.remarks[line].add(ASIDE[event.kind])
                continue
            if event.kind not in (OPAQUE, GRAD_ON):
                for at in inner:
                    self.through[at].setdefault(event.kind, len(self.through[at]))
            if line is None:
                continue
            key = (line, event.kind, event.what)
            met[key] += 1
            if met[key] <= OFTEN:
                self.at[line][event.kind].append(Seen(event, line, self._tell(view, i, number)))
        for chain in trace.chains:
            self._callers(chain)
        for what, chain in trace.remarks:
            mine = [at for path, at in chain if path == self.path]
            if mine and (chain[-1][0] == self.path or what == "moved"):
                self.remarks[mine[-1]].add(what)

    def _callers(self, chain: Chain) -> None:
        """Which functions of the script a chain went into, and from where."""
        for (path, at), (other, inside) in pairwise(chain):
            mine = path == other == self.path and at != inside  # the same twice: a decorator's context
            function = self.layout.function(inside) if mine else None
            if function is not None and (at, inside) not in self._known:
                self._known.add((at, inside))
                self.callers[function.lineno].add(at)
                self.goes[at] = function

    def _loops(self, event: Event, line: int | None, calls: list[int]) -> None:
        if event.kind == OPAQUE:
            return
        around: list[ast.stmt] = []
        for at in (*calls, *([line] if line is not None else [])):
            around.extend(loop for loop in self.layout.loops(at) if loop not in around)
        own = self.layout.at.get(line) if line is not None else None
        if isinstance(own, LOOPS) and event.kind in (BATCH, PASS_BEGIN):
            self._loop(own).passes = True
        for i, node in enumerate(around):
            loop = self._loop(node)
            loop.kinds.add(event.kind)
            loop.own |= {event.kind} if i + 1 == len(around) else set()
            loop.holds |= {inner.lineno for inner in around[i + 1 :]}

    def _loop(self, node: ast.stmt) -> Loop:
        return self.loops.setdefault(node.lineno, Loop(node))

    def _tell(self, view: View, i: int, number: int) -> dict[str, object]:
        event = view.events[i]
        teller = TELLERS.get(event.kind)
        told = teller(view, i) if teller is not None else {}
        told["made"] = tuple(self.made[number, ref] for ref in event.of or () if (number, ref) in self.made)
        told["line before"] = self._line(told.pop("before", None))
        told["line after"] = self._line(told.pop("after", None))
        if event.what is not None and (number, event.what) in self.made:
            told["own line"] = self.made[number, event.what]
        return told

    def _line(self, event: object) -> int | None:
        return self.line_of(event.at) if isinstance(event, Event) else None


class View:
    """One path's events, with the questions that are asked of them."""

    def __init__(self, trace: Trace) -> None:
        self.events = trace.events

    def last(self, i: int, kinds: Iterable[str], about: Event) -> Event | None:
        """The nearest event of these kinds before `i` that concerns what `about` concerns."""
        return next((e for e in reversed(self.events[:i]) if e.kind in kinds and _concern(e, about)), None)

    def next(self, i: int, kinds: Iterable[str], about: Event) -> Event | None:
        """The nearest one after `i`."""
        return next((e for e in self.events[i + 1 :] if e.kind in kinds and _concern(e, about)), None)

    def between(self, i: int, kind: str, ends: Iterable[str]) -> int:
        """How many events of `kind` lie between `i` and the nearest of `ends` before it; -1 without such an end."""
        about, count = self.events[i], 0
        for e in reversed(self.events[:i]):
            if not _concern(e, about):
                continue
            if e.kind in ends:
                return count
            count += e.kind == kind
        return -1 if count == 0 else count


def _concern(a: Event, b: Event) -> bool:
    """Whether two events speak of the same optimizers or the same model, as far as is known."""
    if a.what is not None and a.what == b.what:
        return True
    mine, others = a.of, b.of
    if mine is None or others is None:
        return True
    return not {*mine, a.what}.isdisjoint({*others, b.what} - {None})


def _zero(view: View, i: int) -> dict[str, object]:
    event = view.events[i]
    before, after = view.last(i, CYCLE, event), view.next(i, CYCLE, event)
    place = "between" if before and before.kind == BACKWARD and after and after.kind == STEP else ""
    stray = before is not None and before.kind == BACKWARD and not place
    if not place:
        place = "after" if before is not None and before.kind in (STEP, BACKWARD) else "before"
    return {"place": place, "stray": stray, "before": before, "after": after, "last": after is None}


def _backward(view: View, i: int) -> dict[str, object]:
    event = view.events[i]
    earlier = view.last(i, (BACKWARD, ZERO_GRAD, STEP), event)
    return {
        "adds": earlier if earlier is not None and earlier.kind == BACKWARD else None,
        "optimizers": _optimizers(view),
        "same": earlier is not None and earlier.kind == BACKWARD and earlier.at == event.at,
        "before": earlier,
        "after": view.next(i, (STEP,), event),
        "scaled": event.facts.get(SCALED),
    }


def _step(view: View, i: int) -> dict[str, object]:
    event = view.events[i]
    backward = view.last(i, (BACKWARD,), event)
    return {
        "backwards": view.between(i, BACKWARD, (STEP, ZERO_GRAD)),
        "before": backward,
        "after": view.next(i, (ZERO_GRAD,), event),
        "scaled": event.facts.get(BY) is not None or (backward.facts.get(SCALED) if backward is not None else None),
    }


def _clip(view: View, i: int) -> dict[str, object]:
    event = view.events[i]
    return {"before": view.last(i, CYCLE, event), "after": view.next(i, (STEP,), event)}


def _schedule(view: View, i: int) -> dict[str, object]:
    event = view.events[i]
    mine = [j for j in range(i) if view.events[j].kind == SCHEDULE and view.events[j].what == event.what]
    own = mine[-1] if mine else -1
    steps = sum(1 for e in view.events[own + 1 : i] if e.kind == STEP and _concern(e, event))
    first = not any(e.kind == STEP and _concern(e, event) for e in view.events[:i])
    return {"steps": steps, "first": first, "again": own >= 0, "before": view.last(i, (STEP,), event)}


def _mode(view: View, i: int) -> dict[str, object]:
    event = view.events[i]
    modes = (TRAIN_MODE, EVAL_MODE)
    before = view.last(i, modes, event)
    forward = view.next(i, (FORWARD, *modes), event)
    back = before is not None and before.kind != event.kind
    if forward is None or forward.kind != FORWARD:
        return {"back": back, "before": before, "after": None, "grad": None}
    return {"back": back, "before": before, "after": forward, "grad": forward.facts.get(GRAD)}


ENDS = (BACKWARD, TRAIN_MODE, EVAL_MODE, GRAD_OFF, GRAD_ON, STEP, END)  # after these, no graph made before them is walked


def _forward(view: View, i: int) -> dict[str, object]:
    after = next((e for e in view.events[i + 1 :] if e.kind in ENDS), None)
    walked = after is not None and after.kind == BACKWARD
    told = {"after": after if walked else None, "walked": walked, "optimizers": _optimizers(view)}
    return {**told, "recording": _recording(view, i)}


def _recording(view: View, i: int) -> bool:
    return next((e.kind == GRAD_ON for e in reversed(view.events[:i]) if e.kind in (GRAD_ON, GRAD_OFF)), True)


def _optimizers(view: View) -> bool:
    """Whether any optimizer is known on this path."""
    refs = (ref for e in view.events for ref in (e.what, *(e.of or ())) if ref is not None)
    return any(ref.role == OPTIMIZER for ref in refs)


def _loss(view: View, i: int) -> dict[str, object]:
    """A loss goes backward where a backward comes before the next switch of recording, and recording is on."""
    recording = _recording(view, i)
    after = next((e for e in view.events[i + 1 :] if e.kind in ENDS), None)
    trains = recording and after is not None and after.kind == BACKWARD
    forward = next((e for e in reversed(view.events[:i]) if e.kind in (FORWARD, LOSS_MADE)), None)
    return {"recording": recording, "trains": trains, "after": after if trains else None, "before": forward}


def _device(view: View, i: int) -> dict[str, object]:
    built = any(e.kind == MADE and e.what is not None and e.what.role == "optimizer" for e in view.events[:i])
    return {"late": built, "after": view.next(i, (FORWARD,), view.events[i])}


def _made(view: View, i: int) -> dict[str, object]:
    """Of a loader: the order of its first pass."""
    me = view.events[i].what
    first = next((e for e in view.events[i + 1 :] if e.kind == PASS_BEGIN and e.what == me), None)
    return {"order": first.facts.get(ORDER) if first is not None else None}


TELLERS = {
    MADE: _made,
    ZERO_GRAD: _zero,
    BACKWARD: _backward,
    STEP: _step,
    "clip": _clip,
    "unscale": _clip,
    SCHEDULE: _schedule,
    TRAIN_MODE: _mode,
    EVAL_MODE: _mode,
    FORWARD: _forward,
    LOSS_MADE: _loss,
    "to-device": _device,
}
__all__ = ["Chain", "Context", "Layout", "Loop", "Seen"]
