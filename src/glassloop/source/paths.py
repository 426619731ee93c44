"""Paths: a program is played once for every way that its undecided branches can go, up to a bound.

A story counts where every path that completes and passes through all of its lines tells it; where they disagree the reader
abstains. The first path takes every default; then those that differ in one choice from a path already played, and so on:
each side of each branch is tried before combinations of many.
"""

from __future__ import annotations

import ast
from collections import deque
from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from glassloop import events
from glassloop.events import Event
from glassloop.findings import Story, Where
from glassloop.rules import Rule
from glassloop.source.imports import module
from glassloop.source.player import Budget, Chain, Dead, GaveUp, Player
from glassloop.source.program import Program
from glassloop.source.pruning import Tried, effect
from glassloop.source.roots import Root, call_root
from glassloop.source.signals import BreakSignal, ContinueSignal, ReturnSignal
from glassloop.source.values import Const, Scope

PATHS = 64  # played for one root
SPENT = "it has too many paths, or too long ones, to be played"
STATEMENTS = 60_000  # played for one root: about a second. Counted, so that a busy machine changes nothing


@dataclass
class Path:
    """One way through."""

    events: list[Event]
    stories: list[tuple[Rule, Story]]
    visited: set[tuple[str, int]]
    statement_of: dict[Where, tuple[str, int]]
    choices: tuple[bool, ...]
    complete: bool
    left: bool  # it leaves a loop early, where it is open whether it does: what comes of going on, it cannot tell
    called: set[ast.AST]
    asked: tuple[int, ...]  # for each choice, how many events had been said
    questions: tuple[tuple[Hashable, tuple[str, int]], ...]  # for each choice, what was asked, by which statement
    told: tuple[int, ...]  # the same for each story
    chains: list[Chain]  # for each event, the statements that led to it
    remarks: list[tuple[str, Chain]]


@dataclass
class Play:
    """All that was played of one root."""

    root: Root
    paths: list[Path] = field(default_factory=list)
    bounded: bool = False  # more paths than were played
    failed: str = ""  # why nothing may be concluded
    spent: bool = False  # there was no time for more; then only stories that were probed count
    probed: set[tuple[str, Any]] = field(default_factory=set)

    def verdicts(self) -> Iterator[tuple[Rule, Story, str]]:
        """Each story once, and why it does not count: "" where every path through its lines tells it."""
        told: dict[tuple[str, Any], tuple[Rule, Story, Path]] = {}
        for path in self.paths:
            for rule, story in path.stories:
                told.setdefault((rule.name, story.scenes[0][1]), (rule, story, path))
        keys = [(path, {(r.name, s.scenes[0][1]) for r, s in path.stories}) for path in self.paths if path.complete]
        for key, (rule, story, path) in told.items():
            lines = {path.statement_of[place] for _, place, _ in story.scenes if place in path.statement_of}
            through = [key in mine for other, mine in keys if lines <= other.visited and (key in mine or not other.left)]
            if self.failed or (self.spent and key not in self.probed):
                yield rule, story, self.failed or SPENT
            else:
                others = f"{through.count(False)} of {len(through)} ways through its lines do not tell it"
                yield rule, story, "" if all(through) else others


def explore(program: Program, rules: Iterable[Rule], root: Root, paths: int = PATHS, statements: int = STATEMENTS) -> Play:
    """Play a root along its paths."""
    rules = tuple(rules)
    play = Play(root)
    budget = Budget(statements)
    first = _play(program, rules, root, (), budget, play)
    queue = deque([(first, 0, len(first.choices))] if first is not None else [])
    tried = Tried()
    while queue and not (play.failed or play.spent):
        path, start, end = queue.popleft()
        play.paths.append(path)
        if len(play.paths) + len(queue) >= paths:
            play.bounded = True
            continue
        for i in range(start, end):
            if tried.enough(path, i):
                continue
            forced = (*path.choices[:i], not path.choices[i])
            other = _play(program, rules, root, forced, budget, play)
            if other is not None:
                over = effect(path, other, i)
                tried.learn(path, other, i, over)
                queue.append((other, i + 1, i + 1 if tried.like_another(other, i) else over))
            if len(play.paths) + len(queue) >= paths or play.failed or play.spent:
                break
    play.paths.extend(path for path, *_ in queue)
    if play.spent:
        play.bounded = True
        _probe(program, rules, root, statements // 2, play)
        play.failed = play.failed or ("" if play.paths else SPENT)
    return play


def _probe(program: Program, rules: tuple[Rule, ...], root: Root, statements: int, play: Play) -> None:
    """Of a program that is too large to be played along all its paths: try what could mend each story that was told.

    Every choice that was made between the first line of a story and its last is turned round once.
    """
    candidates: dict[tuple[str, Any], tuple[Path, int]] = {}
    for path in play.paths:
        for number, (rule, story) in enumerate(path.stories if path.complete else ()):
            candidates.setdefault((rule.name, story.scenes[0][1]), (path, number))
    budget = Budget(statements)
    for key, (path, number) in candidates.items():
        scenes = {place for _, place, _ in path.stories[number][1].scenes}
        until = path.told[number]
        begins = [max((i for i in range(until) if path.events[i].at == place), default=0) for place in scenes]
        window = [i for i, at in enumerate(path.asked) if min(begins) <= at <= until]
        for i in window:
            other = _play(program, rules, root, (*path.choices[:i], not path.choices[i]), budget, play)
            if other is None:
                return
            play.paths.append(other)
        play.probed.add(key)


def _play(
    program: Program, rules: tuple[Rule, ...], root: Root, forced: tuple[bool, ...], budget: Budget, play: Play
) -> Path | None:
    known = len(program.epoch_counts)
    path = _play_once(program, rules, root, forced, budget, play)
    if path is not None and len(program.epoch_counts) != known:
        # This time told which numbers count epochs: schedules made before their loop need it.
        path = _play_once(program, rules, root, forced, budget, play)
    return path


def _play_once(
    program: Program, rules: tuple[Rule, ...], root: Root, forced: tuple[bool, ...], budget: Budget, play: Play
) -> Path | None:
    p = Player(program, rules, forced, budget)
    complete = True
    try:
        _perform(p, root)
    except Dead:
        complete = False
    except GaveUp:
        if budget.left <= 0:
            play.spent = True
            return None
        complete = False
    except RecursionError:
        play.failed = "it is nested too deeply to play"
        return None
    except (BreakSignal, ContinueSignal, ReturnSignal):
        complete = False
    except Exception as error:
        if program.strict:
            raise
        play.failed = f"it could not be followed ({type(error).__name__}: {error})"
        return None
    finally:
        for lazy in p.lazies:
            lazy.abandon()
    seen = (p.events, p.stories, p.visited, p.statement_of, tuple(p.choices), complete, p.rounds.left, p.called)
    return Path(*seen, tuple(p.asked), tuple(p.questions), tuple(p.told), p.chains, p.remarks)


def _perform(p: Player, root: Root) -> None:
    from glassloop.source.statements import play

    if root.function is not None:
        space = module(p, root.path)
        call_root(p, root, space.scope)
        return
    scope = Scope(root.path)
    scope.vars["__name__"] = Const("__main__")
    p.spaces[root.path] = scope
    body = p.program.texts[root.path].tree.body
    play(p, body, scope)
    if body:
        followed: dict[str, object] = {} if p.strange else {events.FOLLOWED: True}
        spared: dict[str, object] = {events.SPARED: frozenset(p.spared)} if p.spared else {}
        p.say(events.END, (body[-1], scope), None, None, **followed, **spared)
