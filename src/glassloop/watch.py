"""watch: the rules of `check`, heard on a real run.

    with glassloop.watch() as seen:
        train()
    for sighting in seen.findings: ...

Every finding is told to the sinks once, when it is found; what is found again is counted. The rules are the very
functions that `check` calls. Nothing is loaded until a watch begins, and torch not even then if the run does not.
"""

from __future__ import annotations

import atexit
import linecache
import logging
import math
import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType, TracebackType
from typing import TYPE_CHECKING, Any, Literal

from glassloop.asking import Text
from glassloop.events import END, HELD, MADE, MEASURED, SCHEDULE, STEP, Event, Place, Ref
from glassloop.findings import Finding, Severity, Story, Where, tell
from glassloop.memory import Memory
from glassloop.record import current
from glassloop.record.files import write_json
from glassloop.rules import Listening, Rule, rules_of_runs
from glassloop.tap.traces import REPORT, without_our_frames

if TYPE_CHECKING:
    from glassloop.source.comments import Comment
    from glassloop.tap import Tap
    from glassloop.tap.first import FirstStep
    from glassloop.tap.tally import Tally

Sink = Callable[[Finding], None]
_log = logging.getLogger("glassloop")
_open: set[Watch] = set()  # the watches that have begun and not ended
_shown: set[tuple[str, Where]] = set()  # what they have printed
_RARE = frozenset({SCHEDULE, MADE, HELD, END, MEASURED})


class MistakeFoundError(BaseException):
    """A strict watch has found an error in the training. `finding` is what it found.

    No Exception, as KeyboardInterrupt is none: loops catch RuntimeError to survive a full memory, and would go on.
    """

    def __init__(self, finding: Finding) -> None:
        super().__init__(f"{finding.rule}: {finding.message}")
        self.finding = finding


@dataclass
class Sighting:
    """A finding of a run: how many optimizer steps had been taken when it was first seen, and how often it was."""

    finding: Finding
    step: int
    count: int = 1

    @property
    def facts(self) -> Mapping[str, object]:
        """The numbers that it was found in, by name; none where an order of calls tells all."""
        return self.finding.facts

    def as_json(self) -> dict[str, Any]:
        """The object that `check --format json` lists, with `step`, `count` and `facts`.

        JSON has no word for a number that is not finite: "nan", "inf" and "-inf" stand for those.
        """
        facts = {name: _plain(value) for name, value in self.facts.items()}
        return {**self.finding.as_json(), "step": self.step, "count": self.count, "facts": facts}


def _plain(value: object) -> object:
    """A fact as JSON can hold it."""
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    return value if not isinstance(value, float) or math.isfinite(value) else str(value)


class Watch:
    """A watch that has begun; as a context manager it ends with its block.

    `sinks`: each is called with every finding once, as it is found; the default is `terminal`, and `logged`, too, where
    the program has given the logger "glassloop" a handler.
    `rules`: the rules to apply, by default all. `strict`: raise MistakeFoundError at the first error.
    `lines`: "count" what each line does, or "profile" what it costs, too; `tally` has it once torch is there.
    `first`: is told the first step of each optimizer.

    A watch inside a watch of the same thread hears the same calls and finds for itself; only the outer prints. Where the
    main thread began a watch and another thread trains, that one is heard. One thread is heard at a time: a watch in a
    further one hears nothing, and says so. Nothing of ours is ever raised into the training.
    """

    def __init__(
        self,
        *sinks: Sink,
        strict: bool = False,
        rules: Iterable[Rule] | None = None,
        out: str | Path | None = None,
        lines: Literal["count", "profile"] | None = None,
        first: Callable[[FirstStep], None] | None = None,
    ) -> None:
        self.tally: Tally | None = None
        self._first = first
        self._lines = lines
        self.findings: list[Sighting] = []
        self.stopped_by: Finding | None = None  # what made a strict watch raise
        self.steps = 0
        self._sinks = sinks or ((terminal, logged) if _log.handlers else (terminal,))
        self._strict = strict
        self._out = None if out is None else Path(out).absolute()
        self._home, self._process, self._stopped = os.getcwd(), os.getpid(), False
        asked = tuple(rules_of_runs() if rules is None else rules)
        self._memory = Memory(rule for rule in asked if MEASURED not in rule.hears)
        self._numbers = Listening(rule for rule in asked if MEASURED in rule.hears)  # no two events alike: not remembered
        self._measures = any(MEASURED in rule.hears for rule in asked)
        self._seen: dict[tuple[str, Where], Sighting] = {}
        self._text = Text(frozenset[str]().union(*(rule.hears for rule in asked)))
        self._comments: dict[str, list[Comment]] = {}
        self._tap: Tap | None = None
        _open.add(self)
        from glassloop.tap.arrival import when_torch_is_there

        self._cancel = when_torch_is_there(self._begin)
        atexit.register(self._at_exit)

    def stop(self, ended: bool = True) -> list[Sighting]:
        """Ends the watch and takes it out of torch; gives the findings. `ended`: the training came to its own end.

        Where `out` was given, writes them there. Calling it again, or in a fork of the process, does nothing.
        """
        atexit.unregister(self._at_exit)
        if self._stopped or os.getpid() != self._process:
            return self.findings
        self._stopped = True
        self._cancel()
        self._strict = False  # the run is over: nothing is left to stop
        try:
            if self._tap is not None:
                self._tap.stop(ended)
        except Exception:
            _log.exception("the watch failed as it ended; please report it: %s", REPORT)
        self._save()
        _open.discard(self)
        if not _open:
            _shown.clear()
        return self.findings

    def as_json(self) -> list[dict[str, Any]]:
        """What findings.json holds: the objects of `check --format json`, each with `step` and `count`."""
        return [sighting.as_json() for sighting in self.findings]

    def write(self, path: str | Path) -> None:
        """Writes findings.json to `path`, whole or not at all. Raises OSError where that fails."""
        write_json(Path(path), self.as_json())

    def hear(self, event: Event) -> None:
        """The tap's sink: tells every rule that listens for this kind of event."""
        if event.kind == STEP:
            self.steps += 1
        memory = self._memory
        row = memory.row
        if row.idle is event:  # a loop does again what it did the last time: no look into a table
            return
        if row.event is event:
            memory.row, found = row.after, row.found
        elif event.kind in _RARE:
            self._hear_rare(event)
            return
        else:
            found = memory.hear(event)
        if found:
            self._found(found)

    def _hear_rare(self, event: Event) -> None:
        """What is not remembered as it is: numbers, and events that the text completes."""
        if event.kind == MEASURED:
            self._found(self._numbers.hear(event))
            return
        for complete in self._text.completes(event):
            self._found(self._memory.hear(complete, again=False))

    def __enter__(self) -> Watch:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        if error is not None:
            without_our_frames(error)
        self.stop(ended=kind is None)

    def _at_exit(self) -> None:
        """A watch that nobody stopped ends with its process; one that a crash ends saw no end of the training."""
        self.stop(ended=getattr(sys, "last_value", None) is None)

    def _save(self) -> None:
        """Writes the findings where they are to be; a disk that is full stops no training."""
        if self._out is None:
            return
        try:
            self.write(self._out)
        except OSError as error:
            _log.error("findings could not be written to %s (%s)", self._out, error.strerror)

    def _begin(self) -> None:
        """Called as soon as torch is there, maybe from within the user's import of it."""
        try:
            self._listen()
        except RuntimeError as error:
            _log.warning("this watch hears nothing: %s", error)
        except Exception:
            _log.exception("the watch could not begin, training goes on unwatched; please report it: %s", REPORT)

    def _listen(self) -> None:
        from glassloop.tap import listen
        from glassloop.tap.tally import Tally

        also: dict[str, Any] = {"numbers": self._measures, "first": self._first, "gone": self._gone}
        if self._lines == "profile":
            from glassloop.tap.profile import Profile

            self.tally = profile = Profile()
            self._tap = listen(self._count, profile.attach, **also)
        elif self._lines == "count":
            self.tally = Tally()
            self._tap = listen(self._count, **also)
        else:
            self._tap = listen(self.hear, **also)

    def _gone(self, ref: Ref) -> None:
        """An object of the run is no more: nothing is remembered of it."""
        self._memory.bury(ref)
        self._numbers.bury(ref)

    def _count(self, event: Event) -> None:
        """The tap's sink where lines are counted."""
        if self.tally is not None and event.kind != MEASURED:  # which no line does
            self.tally.hear(event)
        self.hear(event)

    def _found(self, found: Sequence[tuple[Rule, Story]]) -> None:
        for rule, story in found:
            finding = tell(story, rule.name, rule.card.severity, rule.card.fix, self._where)
            key = (finding.rule, finding.where)
            if key in self._seen:
                self._seen[key].count += 1
                continue
            if self._is_set_aside(*key):
                continue
            self._seen[key] = Sighting(finding, story.step or self.steps)
            self.findings.append(self._seen[key])
            for sink in self._sinks:
                self._tell(sink, finding)
            current.found(finding.rule, finding.where.path, finding.where.line, self._seen[key].step)
            self._save()
            if self._strict and finding.severity is Severity.ERROR:
                self.stopped_by = finding
                raise MistakeFoundError(finding)

    def _tell(self, sink: Sink, finding: Finding) -> None:
        """Tells one sink; of watches inside each other only the first prints. A sink that fails is asked no more."""
        if sink is terminal:
            if (finding.rule, finding.where) in _shown:
                return
            _shown.add((finding.rule, finding.where))
        try:
            sink(finding)
        except Exception as error:
            self._sinks = tuple(other for other in self._sinks if other is not sink)
            _log.error("a sink of the watch failed and is told no more (%s: %s)", type(error).__name__, error)

    def _where(self, place: Place) -> Where:
        from glassloop.tap import Spot, resolve

        if not isinstance(place, (Spot, Where)):  # no user code was on the stack
            return Where("<unknown>", 1)
        where = resolve(place) if isinstance(place, Spot) else place
        inside = where.path.startswith(self._home + os.sep)
        return where._replace(path=os.path.relpath(where.path, self._home)) if inside else where

    def _is_set_aside(self, rule: str, where: Where) -> bool:
        """Whether a comment on the finding's lines says to leave it: `# glassloop: ignore[rule]`."""
        from glassloop.source.comments import comments_of

        path = os.path.join(self._home, where.path)
        if path not in self._comments:
            self._comments[path] = comments_of("".join(linecache.getlines(path)))
        return any(comment.sets_aside(rule) for comment in self._comments[path] if where.spans(comment.line))


_COLOURS = {Severity.ERROR: "bold red", Severity.WARNING: "bold yellow", Severity.INFO: "bold blue"}


def terminal(finding: Finding) -> None:
    """A sink that prints to stderr: the place and the rule, the story, and the other lines it speaks of."""
    from rich.console import Console
    from rich.text import Text

    where = finding.where
    text = Text(f"{where.path}:{where.line}: ")
    text.append(f"{finding.severity.value} {finding.rule}", _COLOURS[finding.severity])
    text.append(f"\n  {finding.message}")
    for other, words in finding.related:
        text.append(f"\n  {other.path}:{other.line}: {words}" if words else "", "dim")
    Console(stderr=True, soft_wrap=True, highlight=False).print(text)


_LEVELS = {Severity.ERROR: logging.ERROR, Severity.WARNING: logging.WARNING, Severity.INFO: logging.INFO}


def logged(finding: Finding) -> None:
    """A sink that logs to "glassloop", at the level of the finding's severity; `record.finding` is the finding."""
    where = finding.where
    message = "%s:%d: %s: %s", where.path, where.line, finding.rule, finding.message
    _log.log(_LEVELS[finding.severity], *message, extra={"finding": finding})


def watch(*sinks: Sink, strict: bool = False, rules: Iterable[Rule] | None = None, out: str | Path | None = None) -> Watch:
    """Begins to watch the training that this thread runs from here on; see Watch for the arguments.

    Use it in a `with` statement, or call `stop()` on what it returns.
    """
    return Watch(*sinks, strict=strict, rules=rules, out=out)


class _CallableModule(ModuleType):
    """Python binds a submodule to its package's name for it, so `glassloop.watch` is this module, and is called."""

    __call__ = staticmethod(watch)


sys.modules[__name__].__class__ = _CallableModule
