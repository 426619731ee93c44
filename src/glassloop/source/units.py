"""What a run asks of its own text: what a schedule counts, which loop goes through that, where a generator was made."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import NamedTuple

from glassloop.events import DRAWS, LOADER, LOOP, MADE, SCHEDULE, SCHEDULER, UNIT
from glassloop.findings import Where
from glassloop.source.paths import Play, explore
from glassloop.source.program import Program
from glassloop.source.roots import Root, uncalled
from glassloop.source.text import Unreadable, parse, read

PATHS, STATEMENTS = 16, 30_000  # a run waits for the answer


class Told(NamedTuple):
    """What the text tells of one line, over all of its paths; where they disagree, nothing is certain."""

    units: set[str | None]  # of the schedules made here
    draws: set[Where | None]  # generators that the datasets of the loaders made here keep and draw with
    loops: set[tuple[Where, str] | None]  # (place, variable) of the `for` that counts what a schedule stepped here counts


def unit_at(path: str, line: int, files: Iterable[str]) -> str | None:
    """ "epochs" or "steps" for the schedule made at `line` of `path`; None where the text does not tell, or not surely.

    `files` are all files of the program, the one that runs as `__main__` first. Unreadable ones are left out.
    """
    told = _read(tuple(files)).get((path, line))
    return next(iter(told.units)) if told is not None and len(told.units) == 1 else None


def loop_at(path: str, line: int, files: Iterable[str]) -> tuple[Where, str] | None:
    """The `for` loop that counts what the schedule stepped at `line` counts: its place and its variable; or None.

    None, too, where something in the loop binds the variable anew: a `_` of a loop inside it tells nothing of this one.
    """
    told = _read(tuple(files)).get((path, line))
    loop = next(iter(told.loops)) if told is not None and len(told.loops) == 1 else None
    return None if loop is None or _bound_inside(*loop) else loop


@lru_cache(maxsize=64)
def _bound_inside(loop: Where, variable: str) -> bool:
    """Whether the body of the loop at this place gives the variable another value."""
    loops = [n for n in ast.walk(parse(loop.path, read(loop.path)).tree) if isinstance(n, (ast.For, ast.AsyncFor))]
    names = (n for at in loops if at.lineno == loop.line for s in at.body for n in ast.walk(s) if isinstance(n, ast.Name))
    return any(name.id == variable and isinstance(name.ctx, ast.Store) for name in names)


def draws_at(path: str, line: int, files: Iterable[str]) -> Where | None:
    """Where the generator was made that the dataset of the loader made at `line` keeps and draws with; or None."""
    told = _read(tuple(files)).get((path, line))
    return next(iter(told.draws)) if told is not None and len(told.draws) == 1 else None


@lru_cache(maxsize=2)
def plays_of(files: tuple[str, ...]) -> tuple[Play, ...]:
    """The program of these files, played: as it runs, then what nothing in it has called. Unreadable files are left out."""
    texts = []
    for path in files:
        try:
            texts.append(parse(path, read(path)))
        except Unreadable:
            continue
    return tuple(_plays(Program(texts), files))


@lru_cache(maxsize=8)
def _read(files: tuple[str, ...]) -> dict[tuple[str, int], Told]:
    found: dict[tuple[str, int], Told] = {}
    for play in plays_of(files):
        for event in (event for one in play.paths for event in one.events if event.kind in (MADE, SCHEDULE)):
            if event.what is None or event.what.role not in (SCHEDULER, LOADER) or not isinstance(event.at, Where):
                continue
            told = found.setdefault((event.at.path, event.at.line), Told(set(), set(), set()))
            if event.what.role == LOADER:
                draws = event.facts.get(DRAWS)
                told.draws.add(draws if isinstance(draws, Where) else None)
            elif event.kind == MADE:
                unit = event.facts.get(UNIT)
                told.units.add(unit if isinstance(unit, str) else None)
            else:
                loop = event.facts.get(LOOP)
                told.loops.add(loop if isinstance(loop, tuple) and loop[1] else None)
    return found


def _plays(program: Program, files: tuple[str, ...]) -> Iterator[Play]:
    """The program as it runs, then what nothing in it has called."""
    called: set[ast.AST] = set()
    roots = [Root(path) for path in files[:1] if path in program.texts]
    for root in roots:
        play = explore(program, (), root, PATHS, STATEMENTS)
        called.update(*(path.called for path in play.paths))
        yield play
    for path in program.texts:
        for root in uncalled(program, path, called):
            if root.function not in called:
                play = explore(program, (), root, PATHS, STATEMENTS)
                called.update(*(one.called for one in play.paths))
                yield play
