"""What a watch remembers: every event led to something in every state of the rules, and is asked only once.

A rule is a pure function of a state and an event, and a training loop repeats itself: after a few iterations each
transition has been seen, and hearing an event is one look into a table (0.2 µs, against 10 for asking all rules).
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import Any

from glassloop.events import Event, Ref
from glassloop.findings import Story
from glassloop.rules import Listening, Rule

Found = list[tuple[Rule, Story]]
_NOTHING: Found = []


class Row:
    """A state of all rules, and what each event led to in it.

    The last that led to another state, or to findings, is `event`, with its `after` and `found`; the last that changed
    nothing is `idle`.
    """

    __slots__ = ("after", "event", "found", "idle", "known", "states")

    def __init__(self, states: tuple[int, ...]) -> None:
        self.states = states  # of each machine
        self.known: dict[int, tuple[Row, Found, Event]] = {}  # by id of the event, which is kept, so the id stays its
        self.event: Event | None = None
        self.idle: Event | None = None
        self.after, self.found = self, _NOTHING


class Memory:
    """What every event led to in every state of the rules.

    `row` is the state now. A caller that is told the events of a loop may look there first: where `row.idle` is the
    event once more, nothing has changed; where `row.event` is, `row.found` is what it led to, and `row.after` the state
    from then on.
    """

    LARGEST = 4096  # transitions kept; a rule that counts without end would fill the memory

    BURIED = 128  # objects that are no more: after so many the table is begun anew

    def __init__(self, rules: Iterable[Rule]) -> None:
        self._buried = self._kept = 0
        self._machines = [Machine(rule) for rule in rules]
        self._rows: dict[tuple[int, ...], Row] = {}
        self.row = self._now()

    def hear(self, event: Event, again: bool = True) -> Found:
        """The stories that this event ends, with their rules. `again`: it may come back as it is, and is put into `row`."""
        row = self.row
        known = row.known.get(id(event))
        if known is None:
            row, known = self._learn(event)
        self.row, found, _ = known
        if not again:
            return found
        if self.row is row and not found:
            row.idle = event
        else:
            row.event, row.after, row.found = event, self.row, found
        return found

    def bury(self, ref: Ref) -> None:
        """An object of the run is no more: its states are dropped, so that a run of many models stays small."""
        for machine, now in zip(self._machines, self.row.states, strict=True):
            machine.now = now
            if machine.rule.key == ref.role:
                machine.bury(ref)
        self.row = self._now()
        self._buried += 1
        if self._buried % self.BURIED == 0:  # most transitions are of those
            self._forget()

    def _learn(self, event: Event) -> tuple[Row, tuple[Row, Found, Event]]:
        for machine, now in zip(self._machines, self.row.states, strict=True):
            machine.now = now
        if self._kept >= self.LARGEST:
            self._forget()
        self._kept += 1
        found: Found = []
        for machine in self._machines:
            if event.kind in machine.rule.hears:
                found.extend((machine.rule, story) for story in machine.hear(event))
        row = self.row
        known = row.known[id(event)] = self._now(), found, event
        return row, known

    def _now(self) -> Row:
        states = tuple(machine.now for machine in self._machines)
        row = self._rows.get(states)
        if row is None:
            row = self._rows[states] = Row(states)
        return row

    def _forget(self) -> None:
        for machine in self._machines:
            machine.forget()
        for row in self._rows.values():  # they hold each other
            row.known.clear()
            row.after = row
        self._rows.clear()
        self._kept = 0
        self.row = self._now()


class Machine:
    """One rule's states, and what each event led to. `now` numbers the present one."""

    def __init__(self, rule: Rule) -> None:
        self.rule = rule
        self._listening = Listening([rule])
        self._numbers: dict[Hashable, int] = {}
        self._states: list[dict[Any, Hashable]] = []
        self._table: dict[tuple[int, int], tuple[int, list[Story], Event]] = {}
        self.now = self._number(dict(self._listening.states[rule.name]))

    def hear(self, event: Event) -> list[Story]:
        """The stories that this event ends."""
        known = self._table.get((self.now, id(event)))
        if known is None:
            known = self._learn(event)
        self.now = known[0]
        return known[1]

    def bury(self, ref: Ref) -> None:
        """An object is no more: the present state is without it from now on."""
        states = self._recall()
        self._listening.bury(ref)
        self.now = self._number(states)

    def forget(self) -> None:
        """Keeps the present state alone."""
        now = self._states[self.now]
        self._table.clear()
        self._numbers.clear()
        self._states.clear()
        self.now = self._number(now)

    def _learn(self, event: Event) -> tuple[int, list[Story], Event]:
        states = self._recall()
        stories = [story for _, story in self._listening.hear(event)]
        known = self._table[self.now, id(event)] = (self._number(states), stories, event)
        return known

    def _recall(self) -> dict[Any, Hashable]:
        """Sets the listening to the present state, and gives that."""
        states = self._listening.states[self.rule.name]
        states.clear()
        states.update(self._states[self.now])
        return states

    def _number(self, states: dict[Any, Hashable]) -> int:
        key = tuple(states.items())  # refs are met in one order, and leave for good
        number = self._numbers.get(key)
        if number is None:
            number = self._numbers[key] = len(self._states)
            self._states.append(dict(states))
        return number
