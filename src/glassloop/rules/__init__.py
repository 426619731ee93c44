"""The rules, found by walking this folder. One rule is one file; adding a rule touches one file.

A rule file `zero_grad_missing.py` is the rule `zero-grad-missing` and holds these names:

- `CARD`: what it is, why it hurts, when it is intended, how to mend it;
- `BAD`, `GOOD`: runnable scripts; BAD carries `# expect: rule-name` on the primary line, GOOD stays silent: its tests;
- `EXPERIMENT`: a right loop, this one mistake in it, and what is seen when both run (`glassloop lab zero-grad-missing`);
- `KEY`: a role. There is one state per Ref of that role (PROGRAM: one in all); `HEARS`: the kinds it wants to be told of;
- `initial(me) -> state`, `hear(state, event) -> (state, stories)`: the state machine. Both are pure, states hashable.

An event whose `what` has the key role goes to the machines of that Ref and of those in `of` (an optimizer that shares
parameters, the models inside a model), and to all where the rule says `OTHERS = True`; every other event goes to all of
the rule's machines, which look at `of` (`reaches`). On `opaque` a machine forgets what it can no longer know.

A file whose name begins with `_` is no rule: it holds what several of them share.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any

from glassloop.events import END, MODEL, THE_PROGRAM, Event, Ref
from glassloop.experiments import Experiment
from glassloop.findings import Severity, Story


@dataclass(frozen=True)
class Card:
    """What a person is told about a rule."""

    what: str
    why: str
    intended: str  # when the code is meant so, and what to do then
    fix: str
    severity: Severity
    asked: bool = False  # speaks only where --select names it
    only_read: bool = False  # only the text tells; a run is not asked
    only_run: bool = False  # only a run tells; a text is not asked
    safe: bool = False  # whether `check --fix` applies the mends of its stories without being told `--unsafe-fixes`


@dataclass(frozen=True)
class Rule:
    """A rule file's contents, by name."""

    name: str
    card: Card
    bad: str
    good: str
    key: str
    hears: frozenset[str]
    initial: Callable[[Ref], Hashable]
    hear: Callable[[Any, Event], tuple[Hashable, tuple[Story, ...]]]
    experiment: Experiment | None
    others: bool = False

    @property
    def shown(self) -> str:
        """The wrong example for people: what the tests read as `# expect:` says where the finding is reported."""
        return self.bad.replace("# expect: ", "# reported: ")


@cache
def all_rules() -> tuple[Rule, ...]:
    """Every rule of this folder, by name."""
    names = sorted(m.name for m in pkgutil.iter_modules(__path__))
    return tuple(_load(name) for name in names if not name.startswith("_"))


def rules_of_runs() -> tuple[Rule, ...]:
    """The rules that a run can tell, and that speak unasked."""
    return tuple(rule for rule in all_rules() if not rule.card.only_read and not rule.card.asked)


def rules_of_both() -> tuple[Rule, ...]:
    """The rules of runs that the text can tell, too: on one program both ears must come to the same findings."""
    return tuple(rule for rule in rules_of_runs() if not rule.card.only_run)


def _load(module: str) -> Rule:
    m = importlib.import_module(f"{__name__}.{module}")
    name, experiment, others = module.replace("_", "-"), getattr(m, "EXPERIMENT", None), getattr(m, "OTHERS", False)
    return Rule(name, m.CARD, m.BAD, m.GOOD, m.KEY, frozenset(m.HEARS), m.initial, m.hear, experiment, others)


def reaches(event: Event, me: Ref) -> bool | None:
    """Whether the event concerns `me`; None where the ear does not know."""
    if event.what == me:
        return True
    return None if event.of is None else me in event.of


class Listening:
    """All machines of some rules over one stream: `hear(event)` gives the stories it ends, with their rules.

    `history`: a list to which the caller adds every event before it is told. With it, a model that was only ever
    spoken of as a part of another sleeps: most parts stay that for good, and a large model has hundreds. When something
    is done to it, it hears what it has missed.
    """

    def __init__(self, rules: Iterable[Rule], history: list[Event] | None = None) -> None:
        self.states: dict[str, dict[Ref, Hashable]] = {}
        self._by_kind: dict[str, list[Rule]] = {}
        self._by_role: dict[str, list[Rule]] = {}
        self._known: set[Ref] = set()
        self._history = history
        self._asleep: dict[Ref, int] = {}  # since which event
        self._late: list[tuple[Rule, Story]] = []  # of objects that are no more
        for rule in rules:
            self.states[rule.name] = {}
            self._by_role.setdefault(rule.key, []).append(rule)
            for kind in rule.hears:
                self._by_kind.setdefault(kind, []).append(rule)
        self._meet(THE_PROGRAM)

    @property
    def objects(self) -> int:
        """How many objects have machines: each of them may have to hear of an event."""
        return len(self._known)

    def hear(self, event: Event) -> list[tuple[Rule, Story]]:
        """Tell every machine that wants to know; a Ref heard for the first time gets its machines first."""
        found: list[tuple[Rule, Story]] = []
        if event.kind == END:
            found, self._late = self._late, found
        what = event.what
        if what is not None and what not in self._known:
            self._meet(what)
            if what in self._asleep:
                found.extend(self._wake(what))
        for ref in event.of or ():
            if ref in self._known:
                continue
            if self._history is not None and ref.role == MODEL:
                self._asleep.setdefault(ref, len(self._history) - 1)
            else:
                self._meet(ref)
        for rule in self._by_kind.get(event.kind, ()):
            states = self.states[rule.name]
            mine: Iterable[Ref] = tuple(states)
            if what is not None and what.role == rule.key and not rule.others:
                mine = dict.fromkeys((what, *(r for r in event.of or () if r in states)))
            for ref in mine:
                states[ref], stories = rule.hear(states[ref], event)
                if stories:
                    found.extend((rule, story) for story in stories)
        return found

    def bury(self, ref: Ref) -> None:
        """An object of the run is no more: its machines hear the end now, and what they say of it is told at the end."""
        self._known.discard(ref)
        self._asleep.pop(ref, None)
        for rule in self._by_role.get(ref.role, ()):
            states = self.states[rule.name]
            if ref not in states:
                continue
            state = states.pop(ref)
            if END in rule.hears:
                self._late.extend((rule, story) for story in rule.hear(state, Event(END, None))[1])

    def _meet(self, ref: Ref) -> None:
        self._known.add(ref)
        for rule in self._by_role.get(ref.role, ()):
            self.states[rule.name][ref] = rule.initial(ref)

    def _wake(self, ref: Ref) -> Iterable[tuple[Rule, Story]]:
        """What a model's machines would have said had they heard all along: the event under way comes after."""
        begin = self._asleep.pop(ref)
        for event in (self._history or ())[begin:-1]:
            others = event.what is not None and event.what.role == ref.role and ref not in (event.of or ())
            for rule in self._by_kind.get(event.kind, ()):
                if rule.key != ref.role or (others and not rule.others):
                    continue
                states = self.states[rule.name]
                states[ref], stories = rule.hear(states[ref], event)
                yield from ((rule, story) for story in stories)


__all__ = ["Card", "Listening", "Rule", "all_rules", "reaches", "rules_of_both", "rules_of_runs"]
