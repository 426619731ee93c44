"""The vocabulary and the machines that listen to it."""

from __future__ import annotations

import subprocess
import sys

import pytest

from glassloop import events
from glassloop.events import BACKWARD, MODEL, OPAQUE, OPTIMIZER, STEP, ZERO_GRAD, Event, Ref
from glassloop.rules import Listening, all_rules, reaches

A, B = Ref(1, OPTIMIZER, "SGD"), Ref(2, OPTIMIZER, "Adam")


def told(*stream: Event) -> list[tuple[str, object]]:
    """(rule, primary place) of what the machines say of a stream."""
    listening = Listening(all_rules())
    return [(rule.name, story.scenes[0][1]) for event in stream for rule, story in listening.hear(event)]


def backward(at: int, *of: Ref) -> Event:
    return Event(BACKWARD, at, None, of)


def step(at: int, of: Ref = A) -> Event:
    return Event(STEP, at, of, (of,))


def clear(at: int, *of: Ref) -> Event:
    return Event(ZERO_GRAD, at, None, of)


def test_every_kind_is_listed_once():
    constants = {v for k, v in vars(events).items() if k.isupper() and isinstance(v, str)}
    assert len(set(events.KINDS)) == len(events.KINDS)
    assert set(events.KINDS) <= constants


def test_events_import_the_standard_library_only():
    code = "import sys, glassloop.events; print([m for m in ('torch', 'numpy', 'typer', 'rich') if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"


def test_the_first_turn_of_a_cycle_decides():
    clip = Event(events.CLIP, 3, None, (A,))
    after = told(backward(1, A), step(2), clip, clear(4, A), backward(1, A), step(2), clip)
    before = told(clear(4, A), clip, backward(1, A), step(2), clear(4, A), clip, backward(1, A), step(2))
    assert {name for name, _ in after} == {"clip-after-step"}
    assert {name for name, _ in before} == {"clip-before-backward"}


def test_an_unknown_reach_is_no_evidence():
    unknown = Event(BACKWARD, 1, None, None)
    assert told(unknown, step(2), unknown, step(2)) == []
    assert reaches(unknown, A) is None


def test_opaque_code_makes_every_machine_forget():
    assert told(backward(1, A), step(2), Event(OPAQUE, 3), backward(1, A), step(2)) == []
    assert told(backward(1, A), step(2), Event(OPAQUE, 3, None, (B,)), backward(1, A), step(2)) == [("zero-grad-missing", 2)]


def test_optimizers_are_told_apart():
    stream = [backward(1, A, B), step(2, A), step(3, B), clear(4, A), backward(1, A, B), step(2, A), step(3, B)]
    assert told(*stream) == [("zero-grad-missing", 3)]


@pytest.mark.parametrize("rule", all_rules(), ids=lambda rule: rule.name)
def test_states_are_hashable_and_hear_is_pure(rule):
    me = Ref(7, rule.key, "x")
    states = {rule.initial(me)}
    for kind in sorted(rule.hears):
        event = Event(kind, 1, me if rule.key in (MODEL, OPTIMIZER) else None, (A, me), {"training": False, "grad": True})
        for state in tuple(states):
            assert rule.hear(state, event) == rule.hear(state, event)
            states.add(rule.hear(state, event)[0])
    assert all(isinstance(hash(state), int) for state in states)
