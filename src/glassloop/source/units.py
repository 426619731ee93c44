"""What a run asks of its own text: whether the schedule made at a line is counted in epochs or in steps."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from functools import lru_cache

from glassloop.events import MADE, SCHEDULER, UNIT
from glassloop.source.paths import Play, explore
from glassloop.source.program import Program
from glassloop.source.roots import Root, uncalled
from glassloop.source.text import Unreadable, parse, read

PATHS, SECONDS = 16, 1.0  # a run waits for the answer


def unit_at(path: str, line: int, files: Iterable[str]) -> str | None:
    """ "epochs" or "steps" for the schedule made at `line` of `path`; None where the text does not tell, or not surely.

    `files` are all files of the program, the one that runs as `__main__` first. Unreadable ones are left out.
    """
    found = _units(tuple(files)).get((path, line), set())
    return next(iter(found)) if len(found) == 1 else None


@lru_cache(maxsize=8)
def _units(files: tuple[str, ...]) -> dict[tuple[str, int], set[str | None]]:
    found: dict[tuple[str, int], set[str | None]] = {}
    texts = []
    for path in files:
        try:
            texts.append(parse(path, read(path)))
        except Unreadable:
            continue
    for play in _plays(Program(texts), files):
        for event in (event for one in play.paths for event in one.events if event.kind == MADE):
            if event.what is not None and event.what.role == SCHEDULER:
                unit = event.facts.get(UNIT)
                place = (event.at.path, event.at.line)  # type: ignore[attr-defined]  # the reader's places are lines
                found.setdefault(place, set()).add(str(unit) if unit is not None else None)
    return found


def _plays(program: Program, files: tuple[str, ...]) -> Iterator[Play]:
    """The program as it runs, then what nothing in it has called."""
    called: set[ast.AST] = set()
    roots = [Root(path) for path in files[:1] if path in program.texts]
    for root in roots:
        play = explore(program, (), root, PATHS, SECONDS)
        called.update(*(path.called for path in play.paths))
        yield play
    for path in program.texts:
        for root in uncalled(program, path, called):
            if root.function not in called:
                play = explore(program, (), root, PATHS, SECONDS)
                called.update(*(one.called for one in play.paths))
                yield play
