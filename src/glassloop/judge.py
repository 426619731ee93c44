"""judge: every root of a program is played, and what its paths agree on is told; on several cores where that pays.

A root is a file played as a script, then each function that nothing has called. Played side by side, a function may turn out
to have been called after all: its part is then dropped, so that the result is that of one core.
"""

from __future__ import annotations

import ast
import itertools
import multiprocessing
import os
import sys
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field

from glassloop.events import BACKWARD, OPAQUE
from glassloop.findings import Finding, Story, Where, tell
from glassloop.rules import Rule
from glassloop.source.paths import Play, explore
from glassloop.source.program import SMALL, Program
from glassloop.source.roots import Root, uncalled
from glassloop.source.walk import walk

FEW, SHORT = 16, 8_000  # paths and statements for a function that nothing calls; a script gets more
MANY = 48  # files with roots, from which on another process is worth its start

Key = tuple[str, int, int]  # a function, by where it is defined: the same in every process


@dataclass
class Part:
    """What came of some roots."""

    findings: list[Finding] = field(default_factory=list)
    notes: list[tuple[str, str]] = field(default_factory=list)  # (path, one line): what was not followed
    statistics: Counter[str] = field(default_factory=Counter)
    opaque: set[Where] = field(default_factory=set)  # places where unknown code may have done anything
    fed: set[Where] = field(default_factory=set)  # backwards that are known to reach an optimizer's parameters
    undecided: list[tuple[Where, str, str]] = field(default_factory=list)  # (place, rule, why)
    plays: list[Play] = field(default_factory=list)
    called: set[Key] = field(default_factory=set)  # functions that were played on the way

    def add(self, other: Part) -> None:
        """Take in what came of another root."""
        self.findings += other.findings
        self.notes += other.notes
        self.statistics += other.statistics
        self.opaque |= other.opaque
        self.fed |= other.fed
        self.undecided += other.undecided
        self.plays += other.plays
        self.called |= other.called


class Court:
    """A program and the rules that judge it."""

    def __init__(self, program: Program, rules: tuple[Rule, ...], own: Collection[str], keep: bool = False) -> None:
        self.program, self.rules, self.own, self.keep = program, rules, own, keep
        self.keys: dict[ast.AST, Key] = {
            node: (path, node.lineno, node.col_offset)
            for path, text in program.texts.items()
            for node in walk(text.tree)
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        }
        self.nodes = {key: node for node, key in self.keys.items()}

    def all(self, jobs: int | None = None) -> Part:
        """All roots. `jobs`: processes; None: as many as cores, for a large program."""
        jobs = _jobs(len(self.own)) if jobs is None else jobs
        if jobs > 1 and not self.keep:
            return self._side_by_side(jobs)
        whole = Part()
        for path in self._scripts():
            whole.add(self.judge(Root(path)))
        for path in self._paths():
            for _, part in self.functions(path, whole.called):
                whole.add(part)
        return whole

    def functions(self, path: str, called: Collection[Key]) -> Iterator[tuple[Key, Part]]:
        """The functions of a file that nothing has called, besides those in `called`, each with what came of it."""
        known = {self.nodes[key] for key in called if key in self.nodes}
        for root in uncalled(self.program, path, known):
            if root.function is not None and root.function not in known:
                part = self.judge(root)
                known |= {self.nodes[key] for key in part.called}
                yield self.keys[root.function], part

    def judge(self, root: Root) -> Part:
        """Play one root along its paths and tell what they agree on."""
        program, rules = self.program, self.rules
        play = explore(program, rules, root) if root.function is None else explore(program, rules, root, FEW, SHORT)
        part = Part()
        for path in play.paths:
            part.called |= {self.keys[node] for node in path.called if node in self.keys}
        part.statistics.update({"paths": len(play.paths), "roots": 1})
        if play.failed:
            part.notes.append((root.path, play.failed))
        if play.bounded:
            part.statistics["roots with more paths than were played"] += 1
        for rule, story, why_not in play.verdicts():
            if not why_not:
                part.findings.append(told(rule, story))
                continue
            part.statistics[f"abstained: {rule.name}"] += 1
            part.undecided.append((_resolve(story.scenes[0][1]), rule.name, why_not))
        # Places where the reader loses sight: a mend that only hides its finding behind one more of these is none.
        part.opaque |= {_resolve(event.at) for path in play.paths for event in path.events if event.kind == OPAQUE}
        events = (event for path in play.paths for event in path.events)
        part.fed |= {_resolve(event.at) for event in events if event.kind == BACKWARD and event.of}
        if self.keep:
            part.plays.append(play)
        return part

    def _scripts(self) -> list[str]:
        few = len(self.program.texts) <= SMALL
        return [path for path in self._paths() if few or self.program.runs(path)]

    def _paths(self) -> list[str]:
        return [path for path in self.program.texts if path in self.own]

    def _side_by_side(self, jobs: int) -> Part:
        Court.shared = self
        try:
            with multiprocessing.get_context("fork").Pool(jobs) as pool:
                whole = Part()
                for part in pool.imap(_script, self._scripts(), chunksize=4):
                    whole.add(part)
                called = frozenset(whole.called)
                tasks = pool.imap(_functions, ((path, called) for path in self._paths()), chunksize=4)
                return _without_called(whole, itertools.chain.from_iterable(tasks))
        finally:
            Court.shared = None

    shared: Court | None = None  # what a forked process has to judge: it is not sent


def _without_called(whole: Part, functions: Iterable[tuple[Key, Part]]) -> Part:
    for key, part in functions:
        if key not in whole.called:
            whole.add(part)
    return whole


def _script(path: str) -> Part:
    assert Court.shared is not None
    return Court.shared.judge(Root(path))


def _functions(task: tuple[str, frozenset[Key]]) -> list[tuple[Key, Part]]:
    assert Court.shared is not None
    return list(Court.shared.functions(*task))


def _jobs(files: int) -> int:
    """As many processes as there are cores to use; one where a fork is not to be had, or would lose threads."""
    if files < MANY or sys.platform != "linux" or _threads() > 1:
        return 1
    return len(os.sched_getaffinity(0))


def _threads() -> int:
    import threading

    return threading.active_count()


def _resolve(place: object) -> Where:
    assert isinstance(place, Where)
    return place


def told(rule: Rule, story: Story) -> Finding:
    """A story of the reader's as a finding."""
    return tell(story, rule.name, rule.card.severity, rule.card.fix, _resolve)


def agreed(findings: Iterable[Finding]) -> list[Finding]:
    """Each finding once, in order."""
    unique: dict[tuple[Where, str], Finding] = {}
    for finding in findings:
        unique.setdefault((finding.where, finding.rule), finding)
    return sorted(unique.values(), key=lambda f: (f.where, f.rule))
