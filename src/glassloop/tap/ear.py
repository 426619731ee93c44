"""The ear itself: what it knows of the run, and how an event is said.

One thread is heard: the one that began to listen. What another thread does (a loader's, autograd's own) is inside a
call of this one, or none of the loop's.
"""

from __future__ import annotations

import gc
import logging
import sys
import threading
import traceback
import weakref
from collections.abc import Callable, Mapping
from pathlib import Path
from threading import get_ident
from types import CodeType, FrameType
from typing import TYPE_CHECKING, Any

import torch

from glassloop.events import MODEL, NO_FACTS, OPTIMIZER, Event, Place, Ref
from glassloop.tap import Sink
from glassloop.tap.carried import Carried
from glassloop.tap.census import Census, Course
from glassloop.tap.gradients import Held
from glassloop.tap.kept import Kept
from glassloop.tap.means import Means
from glassloop.tap.modes import heeds_mode
from glassloop.tap.names import Names
from glassloop.tap.place import Spot, user_frame, users
from glassloop.tap.retained import Retained
from glassloop.tap.rounds import Rounds
from glassloop.tap.traces import REPORT

_log = logging.getLogger("glassloop")
compiling = torch.compiler.is_compiling

if TYPE_CHECKING:
    from glassloop.tap.first import First
    from glassloop.tap.measures import Measures

MOST_DEAD, KEPT_DEAD = 48, 16  # objects that are no more: at so many, all but the last few are forgotten


class Known:
    """An optimizer of the run: its Ref, and its parameters."""

    __slots__ = ("alone", "course", "held", "optimizer", "ref", "sharing")

    def __init__(self, ref: Ref, optimizer: weakref.ref[torch.optim.Optimizer], held: Held, course: Course) -> None:
        self.ref, self.optimizer, self.held, self.course = ref, optimizer, held, course
        self.alone = (ref,)
        self.sharing: tuple[int, tuple[Ref, ...]] | None = None  # at which count of changes; see Ear.sharing


class Said:
    """An event that the user's code caused at an instruction, and what was said after it the last time."""

    __slots__ = ("code", "event", "facts", "instruction", "kind", "of", "then", "what")

    def __init__(self, code: CodeType | None, instruction: int, event: Event) -> None:
        self.code, self.instruction, self.event = code, instruction, event
        self.kind, self.what, self.of, self.facts = event.kind, event.what, event.of, event.facts
        self.then = self


class Ear:
    """Hears the run and says events to one sink.

    `hush` counts the calls under way inside which nothing is heard; `deep` those inside which no forward, loss, mode or
    backward is (a forward hides its children; a checkpointed backward runs forwards again).
    """

    def __init__(self, sink: Sink) -> None:
        self.on = True
        self.hush = 0
        self.deep = 0
        self.scoring = False  # inside a loss module that is called by itself, and says what it was given
        self.stepped = 0  # steps heard
        self.scales = False  # whether a scaler has scaled or stepped: a step may be part of its step
        self.names = Names()
        self.means = Means()
        self.carried = Carried()
        self.rounds = Rounds()
        self.retained = Retained()
        self.kept = Kept()
        self.gathered = 0  # backwards since the last step or clearing
        self.optimizers: dict[int, Known] = {}  # by serial
        self.last: Known | None = None  # the one asked of last, while nothing has changed
        self.census = Census(self)
        self.measures: Measures | None = None  # who keeps numbers, where a listener asked for them
        self.first: First | None = None  # who looks at first steps, where a listener asked for that
        self.before: Callable[[], None] | None = None  # what must be said before the next event: see hands.py
        self.pass_over: Callable[[], None] = lambda: None  # says the end of a pass that is still to be said: see ends.py
        self.sink = sink
        self.thread = get_ident()
        self._events: dict[tuple[object, ...], Event] = {}
        self._sayings: dict[tuple[object, ...], Said] = {}
        self._said = Said(None, -1, Event("", None))  # the last one
        self._spots: dict[tuple[int, int], Spot] = {}
        self._covers: dict[int, tuple[int, int, tuple[Ref, ...]]] = {}
        self.minding: dict[int, tuple[int, list[weakref.ref[torch.nn.Module]]]] = {}  # see modes.py
        self.calm: dict[int, tuple[int, str]] = {}  # likewise
        self._plain: dict[tuple[str, type], Ref] = {}
        self.bury: Callable[[Ref], None] = lambda ref: None  # tells the listeners of an object that is no more
        self.made = 0  # optimizers made or changed: what a model's parameters belong to is asked again
        self.take_out: Callable[[], None] = lambda: None  # takes every replacement back: see listen
        self.broken = False

    def hears(self) -> bool:
        """Whether a call made now is an event at all. What is being compiled is read, not run."""
        return not compiling() and self.on and not self.hush and get_ident() == self.thread

    def here(self) -> bool:
        """The same, where it is known that nothing is being compiled."""
        return self.on and not self.hush and get_ident() == self.thread

    def move(self) -> bool:
        """Hears the calling thread from now on, if the main thread was heard and has not trained: it waits for this one."""
        here = get_ident()
        waits = self.thread == threading.main_thread().ident and not (self.stepped or self.hush or self.deep)
        if self.on and waits:
            self.thread = here
        return self.thread == here

    def fault(self, in_hook: bool = False) -> None:
        """To be called where code of ours raised: says so once, and nothing is heard from then on.

        The training goes on as if nobody had listened. `in_hook`: torch is walking over its hooks, and none may be taken
        out before it is through; they do nothing, and `stop` takes them out.
        """
        if not self.on:
            return
        self.on, self.broken, self.sink = False, True, lambda event: None
        kind, error, found = sys.exc_info()
        trace = traceback.extract_tb(found)
        at = f" at {Path(trace[-1].filename).name}:{trace[-1].lineno}" if trace else ""
        _log.error(
            "the watch has ended after a mistake of its own (%s: %s%s); training goes on unwatched. Please report it: %s",
            kind.__name__ if kind else "", error, at, REPORT,
        )  # fmt: skip
        _log.debug("where the watch failed", exc_info=True)
        if not in_hook:
            self.take_out()

    def say(
        self,
        kind: str,
        frame: FrameType,
        what: Ref | None = None,
        of: tuple[Ref, ...] | None = None,
        facts: Mapping[str, object] = NO_FACTS,
    ) -> Event:
        """Says an event that the nearest of the user's frames around `frame` caused, and gives it.

        Equal events are one object as long as the ear lives, so that a listener can remember what one led to.
        """
        if self.before is not None:
            self.settle()
        said = self._said.then  # a loop says again what it said after this the last time
        code = frame.f_code
        while code is not said.code and not users.get(code.co_filename):
            outer = frame.f_back if code.co_filename in users else user_frame(frame)
            if outer is None:
                return self.say_at(kind, None, what, of, facts)
            frame, code = outer, outer.f_code
        if (
            said.code is not code
            or said.kind is not kind
            or said.what is not what
            or said.facts is not facts
            or said.of != of
            or said.instruction != frame.f_lasti
        ):
            said = self._other(kind, frame, what, of, facts)
        self._said = said
        event = said.event
        self.sink(event)
        return event

    def _other(
        self, kind: str, frame: FrameType, what: Ref | None, of: tuple[Ref, ...] | None, facts: Mapping[str, object]
    ) -> Said:
        # What is kept holds the code and the facts, so their ids stay theirs.
        code, instruction = frame.f_code, frame.f_lasti
        key = (kind, id(code), instruction, what, of, id(facts))
        said = self._sayings.get(key)
        if said is None:
            event = Event(kind, self.spot_at(code, instruction), what, of, facts)
            said = self._sayings[key] = Said(code, instruction, event)
        self._said.then = said
        return said

    def say_at(
        self, kind: str, at: Place, what: Ref | None, of: tuple[Ref, ...] | None, facts: Mapping[str, object]
    ) -> Event:
        """Says an event at a spot taken earlier."""
        key = (kind, at, what, of, id(facts))
        event = self._events.get(key)
        if event is None:
            event = self._events[key] = Event(kind, at, what, of, facts)
        self.sink(event)
        return event

    def tell(self, event: Event) -> None:
        """Says an event that is like no other; nothing of it is kept."""
        self.sink(event)

    def spot(self, frame: FrameType | None) -> Spot | None:
        """The user's spot around `frame`; None where no user code is on the stack. One object a spot."""
        frame = user_frame(frame)
        return None if frame is None else self.spot_at(frame.f_code, frame.f_lasti)

    def spot_at(self, code: CodeType, instruction: int) -> Spot:
        """The one spot of an instruction."""
        key = (id(code), instruction)
        spot = self._spots.get(key)
        if spot is None:
            spot = self._spots[key] = Spot(code, instruction)
        return spot

    def settle(self) -> None:
        """Says what is still to be said of earlier calls. Raises nothing of ours."""
        before, self.before = self.before, None
        if before is not None:
            try:
                before()
            except Exception:
                self.fault(in_hook=True)  # it may be one that asks

    def finish(self) -> None:
        """Says all that is still to be said of the run so far."""
        self.settle()
        try:
            if self.on:
                self.pass_over()
            if self.measures is not None and self.on:
                self.measures.finish()
            if self.first is not None and self.on:
                self.first.finish()
        except Exception:
            self.fault()

    def end(self, sink: Sink) -> None:
        """Says to `sink` what only the end of a run can tell."""
        try:
            self.census.finish(sink)
        except Exception:
            self.fault()

    def optimizer(self, optimizer: torch.optim.Optimizer) -> Known:
        """What is known of an optimizer; one that was made before the ear listened is met here."""
        last = self.last
        if last is not None and last.optimizer() is optimizer:
            return last
        ref = self.names.known(optimizer)
        known = None if ref is None else self.optimizers.get(ref.serial)
        self.last = known = known or self._meet(optimizer)
        return known

    def _meet(self, optimizer: torch.optim.Optimizer) -> Known:
        for other in self.fresh():  # Lightning and Fabric hand out a second optimizer over the same parameter groups
            real = other.optimizer()
            if real is not None and real.param_groups is optimizer.param_groups:
                self.names.share(optimizer, other.ref)
                return other
        ref = self.names.ref(optimizer, OPTIMIZER)
        serial = ref.serial
        gone = weakref.ref(optimizer, lambda _: self._gone(serial))
        known = self.optimizers[serial] = Known(ref, gone, Held(optimizer), self.census.met(ref))
        self.made += 1
        return known

    def _gone(self, serial: int) -> None:
        if not self.on:  # when Python ends, its modules go first
            return
        known, self.last = self.optimizers.pop(serial, None), None
        self.made += 1
        if known is not None:
            self.census.gone(known)

    def fresh(self) -> list[Known]:
        """Every living optimizer, with its parameter groups as they are now."""
        living = []
        for known in tuple(self.optimizers.values()):
            optimizer = known.optimizer()
            if optimizer is None:
                continue
            held = known.held
            ids = held.ids
            held.refresh(optimizer)
            if held.ids is not ids:
                self.made += 1
                self.census.again()
            living.append(known)
        return living

    def holders(self, params: list[Any]) -> list[Known]:
        """The optimizers that hold any of these parameters."""
        return [known for known in self.fresh() if known.held.holds(params)]

    def owners(self, params: list[Any]) -> tuple[Ref, ...]:
        """The same, by name."""
        return tuple(known.ref for known in self.holders(params))

    def sharing(self, known: Known) -> tuple[Ref, ...]:
        """An optimizer, and others that hold some of its parameters; looked up anew where an optimizer came or changed."""
        if len(self.optimizers) == 1:
            return known.alone
        if known.sharing is None or known.sharing[0] != self.made:
            ids = known.held.ids
            others = (one.ref for one in self.optimizers.values() if one is not known and not ids.isdisjoint(one.held.ids))
            known.sharing = self.made, (known.ref, *others)
        return known.sharing[1]

    def model(self, model: torch.nn.Module) -> tuple[Ref, tuple[Ref, ...]]:
        """A model's Ref and the optimizers of its parameters; walks the parameters once for each new optimizer."""
        ref = self.names.known(model) or self.name(model, MODEL)
        covers = self._covers.get(ref.serial)
        if covers is None or covers[0] != self.made or covers[1] != id(model):
            covers = self._covers[ref.serial] = (self.made, id(model), self.owners(list(model.parameters())))
        return ref, covers[2]

    def name(self, module: torch.nn.Module, role: str) -> Ref:
        """The Ref of a model or a loss. Those of torch's that hold nothing are one for each class.

        Many are made for one call, as in `nn.Softmax(1)(x)`: a name for each would be a new event at every step.
        """
        ref = self.names.known(module)
        if ref is None:
            if len(self.names.dead) >= MOST_DEAD:
                self._sweep()
            cls = type(module)
            if not _is_plain(module):
                return self.names.ref(module, role)
            ref = self._plain.get((role, cls))
            if ref is None:
                ref = self._plain[role, cls] = self.names.ref(module, role)
                self.names.keep(ref)
            self.names.share(module, ref)
        return ref

    def _sweep(self) -> None:
        """Forgets the objects that are no more, but for the last few: what they were part of may still be told."""
        dead = self.names.dead
        gone, dead[:] = dead[:-KEPT_DEAD], dead[-KEPT_DEAD:]
        serials = {ref.serial for ref in gone}
        for serial in serials:
            self._covers.pop(serial, None)
            self.minding.pop(serial, None)
            self.calm.pop(serial, None)
        self._said = Said(None, -1, Event("", None))
        for key, said in tuple(self._sayings.items()):
            said.then = said
            if _names_any(said.event, serials):
                del self._sayings[key]
        for key, event in tuple(self._events.items()):
            if _names_any(event, serials):
                del self._events[key]
        for ref in gone:
            self.bury(ref)

    def meet_living_optimizers(self) -> None:
        """Finds the optimizers made before the ear listened, without running any code of theirs."""
        classes = set(subclasses(torch.optim.Optimizer))
        if not any(type(thing) in classes for thing in gc.get_objects()):
            return
        gc.collect()  # those of an earlier training, which only wait to be collected, are none
        for thing in gc.get_objects():
            if type(thing) in classes and "param_groups" in vars(thing):
                self.optimizer(thing)


def _names_any(event: Event, serials: set[int]) -> bool:
    """Whether an event is about any of these objects."""
    return any(ref.serial in serials for ref in (event.what, *(event.of or ())) if ref is not None)


def subclasses(cls: type) -> list[type]:
    """A class and all that inherit from it."""
    found: list[type] = [cls]
    for one in found:
        children: list[type] = type.__subclasses__(one)
        found.extend(child for child in children if child not in found)
    return found


def _is_plain(module: torch.nn.Module) -> bool:
    """Whether a module of torch's holds nothing and does the same in every mode."""
    own = vars(module)
    held = own.get("_parameters") or own.get("_buffers") or own.get("_modules")
    return not held and type(module).__module__.startswith("torch.nn.") and not heeds_mode(module)
