"""What a run asks of its own text: some facts of an event stand there alone, and the reader is asked about its line.

Asked late and seldom: once for a line, where something was heard that only the text explains.
"""

from __future__ import annotations

import os
import sys
from functools import cache

from glassloop.events import DRAWS, END, FOLLOWED, HELD, MADE, MANY, SCHEDULE, SCHEDULER, SEED, TURN, UNIT, Event, Place
from glassloop.findings import Where
from glassloop.rules import Listening, all_rules

LARGEST_PROGRAM = 64  # files that are read
LARGEST_SEED = 1 << 32
NONE: tuple[Event, ...] = ()


class Text:
    """The text of the program that is running. `kinds`: the events that somebody wants to hear."""

    def __init__(self, kinds: frozenset[str]) -> None:
        self._kinds = kinds
        self._loops: dict[Place, tuple[Where, str] | None] = {}
        self._turned: dict[tuple[int, object], Event] = {}
        self._placed: dict[int, tuple[Event, tuple[Event, ...]]] = {}  # keeps the event, so its id stays its

    def completes(self, event: Event) -> tuple[Event, ...]:
        """The event with what the text adds to it; several where it stands for several, none where it means nothing."""
        if event.kind == SCHEDULE:
            return (self._with_turn(event),)
        if event.kind == HELD:
            if id(event) not in self._placed:
                self._placed[id(event)] = event, _with_places(event)
            return self._placed[id(event)][1]
        if event.kind == END:
            unseeded = SEED in self._kinds and not _seeded()
            return (event._replace(facts={**event.facts, FOLLOWED: True}) if unseeded else event,)
        if event.kind == MADE and event.what is not None and event.what.role == SCHEDULER:
            return (_with_unit(event),)
        return (_with_draws(event) if DRAWS in event.facts else event,)

    def _with_turn(self, event: Event) -> Event:
        """A loop over epochs cannot be heard; its variable can be looked at, where the text says which loop it is."""
        at = event.at
        if at not in self._loops:
            self._loops[at] = _loop(at)
        loop = self._loops[at]
        if loop is None:
            return event
        from glassloop.tap.turns import turn_of

        turn = turn_of(*loop, sys._getframe(1))
        if turn is None:
            return event
        known = self._turned.get((id(event), turn))  # the tap keeps its events, so the id stays theirs
        if known is None:
            self._turned[id(event), turn] = known = event._replace(facts={**event.facts, TURN: turn})
        return known


def _with_unit(event: Event) -> Event:
    """What a schedule's length counts stands in the text alone."""
    from glassloop.source.units import unit_at

    where = _where(event.at)
    if UNIT in event.facts or where is None:
        return event
    unit = unit_at(where.path, where.line, files_of_run(where.path))
    return event if unit is None else event._replace(facts={**event.facts, UNIT: unit})


def _with_draws(event: Event) -> Event:
    """A run sees that a dataset keeps a generator; that it draws with it, and where it was made, stands in the text."""
    from glassloop.source.units import draws_at

    where = _where(event.at)
    draws = None if where is None else draws_at(where.path, where.line, files_of_run(where.path))
    return event if draws is None else event._replace(facts={**event.facts, DRAWS: draws})


def _with_places(event: Event) -> tuple[Event, ...]:
    """A run hears that graphs are alive which no step needs, and not who holds them: that, the text may tell.

    Where it does not, too many of them speak for themselves, at the place that made them.
    """
    where = _where(event.at)
    if where is None:
        return NONE
    found = _held_in(tuple(files_of_run(where.path)))
    if found:
        return tuple(event._replace(at=place) for place in found)
    return (event,) if event.facts.get(MANY) is True else NONE


@cache
def _held_in(files: tuple[str, ...]) -> tuple[Where, ...]:
    """Where, on some path through the text, what carries the graph of an earlier step is kept."""
    from glassloop.source.units import plays_of

    rule = next(rule for rule in all_rules() if HELD in rule.hears)
    found: dict[Where, None] = {}
    for path in (path for play in plays_of(files) for path in play.paths):
        listening = Listening([rule])
        stories = [story for event in path.events for _, story in listening.hear(event)]
        places = [story.scenes[0][1] for story in stories]
        found.update((place, None) for place in places if isinstance(place, Where))
    return tuple(found)


def _seeded() -> bool:
    """Whether torch's generator has a seed of a person's, or the text seeds another one.

    Nobody seeded a generator whose seed is larger: torch draws 64 bits for its own.
    """
    from glassloop.source.units import plays_of

    if sys.modules["torch"].initial_seed() < LARGEST_SEED:
        return True
    plays = [play for play in plays_of(tuple(files_of_run(""))) if play.root.function is None]  # a helper may go uncalled
    return any(event.kind == SEED for play in plays for path in play.paths for event in path.events)


def _loop(at: Place) -> tuple[Where, str] | None:
    """The loop that counts what the schedule stepped at this spot counts, and its variable."""
    from glassloop.source.units import loop_at

    where = _where(at)
    return None if where is None else loop_at(where.path, where.line, files_of_run(where.path))


def _where(at: Place) -> Where | None:
    from glassloop.tap import Spot, resolve

    return resolve(at) if isinstance(at, Spot) else None  # else no user code was on the stack


def files_of_run(path: str) -> list[str]:
    """The files of the program that is running: `__main__`, `path`, then the user's other modules, neighbours first."""
    from glassloop.tap.place import is_users_file

    main = getattr(sys.modules.get("__main__"), "__file__", None)
    loaded = [getattr(module, "__file__", None) for module in list(sys.modules.values())]
    home = os.path.dirname(os.path.abspath(main or path)) + os.sep
    others = sorted((file for file in loaded if file and is_users_file(file)), key=lambda file: not file.startswith(home))
    files = [main, path, *others]
    return list(dict.fromkeys(os.path.abspath(file) for file in files if file and file.endswith(".py")))[:LARGEST_PROGRAM]


__all__ = ["Text", "files_of_run"]
