"""compared: the parameters that got gradients, beside those that optimizers hold.

Both are counted at an optimizer's first steps, after a model or an optimizer has changed, and else at every step whose
number is a power of two: in between nothing is done but to count. What a gradient reached is read off the graph that went
backward. A parameter without a gradient is asked to tell when it gets its first: that misses none, and costs nothing.
"""

from __future__ import annotations

import sys
import weakref
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from glassloop.events import COMPARED, LEFT_OUT, LOSS, MODEL, UNHELD, UNMOVED, UNREGISTERED, Event, Place, Ref
from glassloop.tap.leaves import Notes, Trace, learnable, leaves, trace
from glassloop.tap.names import unwrapped
from glassloop.tap.origins import Origins
from glassloop.tap.parts import Plan
from glassloop.tap.patch import Patches
from glassloop.tap.spoken import spoken
from glassloop.tap.unregistered import assigned, unregistered

if TYPE_CHECKING:
    from glassloop.tap.ear import Ear, Known

Home = tuple[Ref, nn.Module, Plan]  # a model of the run
Homes = Mapping[int, Home]  # by id of a parameter: the largest model that it is in

_FIRST = 4  # steps looked at from the first on
_AFTER = 3  # steps looked at after a change
_CHANGES = 32  # of a program that changes its model all the time the rest goes by
_WALKS = 16  # graphs walked for one step
_LONG = 512  # steps after which is told what else is told at the end
_ENOUGH = 3  # steps without a gradient, where everything else gets one at each
_IN_TURNS = 100  # the same, where parameters get theirs in turns
_KEPT = 64  # optimizers remembered for the end


class Waiting:
    """A parameter that has had no gradient yet."""

    def __init__(self, param: torch.Tensor, since: int) -> None:
        self.param, self.since, self.came = weakref.ref(param), since, False
        self._trace = trace(param)
        self.handle = param.register_post_accumulate_grad_hook(self._here)  # type: ignore[no-untyped-call]

    def _here(self, _: torch.Tensor) -> None:
        self.came = True
        self.handle.remove()

    def settled(self) -> bool:
        """Whether it is known not to want one: it was frozen, or is written to by hand."""
        param = self.param()
        if param is None or not param.requires_grad:
            return param is not None
        (version, start), now = self._trace, trace(param)
        return start != now[1] if start and now[1] else version != now[0]


class Course:
    """What is known of one optimizer's steps."""

    def __init__(self, ref: Ref, born: int) -> None:
        self.ref, self.born = ref, born
        self.steps, self.look, self.burst, self.changes = 0, 1, _FIRST, 0
        self.turn, self.walks = 0, 0
        self.waiting: dict[int, Waiting] = {}
        self.in_turns = self.fed = self.stale = self.said = False
        self.plans: list[Plan] = []  # of the models that those are in
        self.called: dict[Ref, str] = {}  # what the user calls those models
        self.at: Place = None

    def again(self) -> None:
        """Something changed: the next steps are looked at."""
        if self.changes < _CHANGES:
            self.changes += 1
            self.look, self.burst = self.steps + 1, max(self.burst, _AFTER)


class Census:
    """Compares now and then; `open` while the gradients made are for a step that will be looked at."""

    def __init__(self, ear: Ear) -> None:
        self._ear = ear
        self.open = True
        self.origins = Origins(ear, self.again)
        self._turn = 0
        self._got: Notes[int] = Notes()  # parameters that a backward has reached, and which
        self._kept: list[Course] = []
        self._held_once: Notes[bool] = Notes()  # by optimizers that are gone
        self._traces: Notes[Trace] = Notes()
        self._met: Notes[bool] = Notes()  # had a gradient once, whoever held them then
        self._by_hand: Notes[bool] = Notes()  # updated by no optimizer, and yet updated
        self._speakers: Notes[Ref] = Notes()  # whose steps tell of a parameter that nobody holds
        self._facts: dict[tuple[str, object], dict[str, object]] = {}

    def hear(self, patches: Patches) -> None:
        """Begins, and ends with the patches."""
        self.origins.hear(patches)
        patches.then(self._close)

    def met(self, ref: Ref) -> Course:
        """The course of a new optimizer."""
        self.open = True
        return Course(ref, self.origins.count)

    def gone(self, known: Known) -> None:
        """An optimizer has died: what it trained was trained."""
        if known.course.steps:
            for param in known.held.params:
                self._held_once.set(param, True)

    def again(self) -> None:
        """A model has new parameters, or an optimizer new groups."""
        for known in self._ear.optimizers.values():
            known.course.again()
        self._open()

    def backward(self, tensors: Any) -> None:
        """A backward from `tensors` has run, while `open`."""
        self._turn += 1
        for param in leaves(tensors):
            self._got.set(param, self._turn)
        for known in self._ear.optimizers.values():
            known.course.walks += 1
        self._open()

    def step(self, known: Known, at: Place) -> None:
        """An optimizer has stepped at `at`, and is near a step that is looked at, or there."""
        course = known.course
        if course.steps >= course.look and not self._ear.deep:
            course.at = at
            self._look(known)
            course.burst -= 1
            course.look = course.steps + 1 if course.burst > 0 else 1 << course.steps.bit_length()
        course.walks, course.turn = 0, self._turn
        self._open()

    def finish(self, sink: Callable[[Event], None]) -> None:
        """The run is over: says to `sink` what could not be said before."""
        for course in self._kept:
            known = self._ear.optimizers.get(course.ref.serial)
            if known is not None:
                self._wait(known, self._plans())
            words = self._unmoved(course)
            if words:
                sink(Event(COMPARED, course.at, course.ref, (course.ref,), {UNMOVED: (words, course.steps)}))

    def _open(self) -> None:
        near = (known.course for known in self._ear.optimizers.values())
        self.open = any(c.steps >= c.look - 1 and c.walks < _WALKS for c in near)
        if not self.open:
            self._got.clear()

    def _close(self) -> None:
        for course in self._kept:
            for waiting in course.waiting.values():
                waiting.handle.remove()

    def _look(self, known: Known) -> None:
        course = known.course
        living = self._ear.fresh()
        reached = [param for param, turn in self._got.items() if turn > course.turn]
        fed = known.held.holds(reached)
        graded = any(p.grad is not None for p in known.held.params)
        course.fed = course.fed or fed or graded
        plans = self._plans()
        if course.fed:
            self._wait(known, plans)
        held = frozenset[int]().union(*(each.held.ids for each in living))
        out = [p for p in reached if id(p) not in held and p.grad is not None and learnable(p)]
        out = [p for p in out if not self._held_once.get(p) and not self._changed(p)]
        names = self._left_out(known, living, plans, out, fed) if out and (fed or not graded) else ""
        if names or course.said:
            self._say(course, LEFT_OUT, names)
            course.said = bool(names)
        if course.steps >= _LONG and (words := self._unmoved(course)):
            self._say(course, UNMOVED, (words, course.steps))

    def _plans(self) -> list[Home]:
        """The models that the run has named, the largest first."""
        names = self._ear.names
        models = {names.ref(model, MODEL): unwrapped(model) for role in (MODEL, LOSS) for model in names.living(role)}
        plans = [(ref, model, Plan(model)) for ref, model in models.items()]
        return sorted(plans, key=lambda each: len(each[2].names), reverse=True)

    def _changed(self, param: torch.Tensor) -> bool:
        """Whether a parameter that no optimizer holds changes all the same: somebody updates it by hand."""
        before, now = self._traces.get(param), trace(param)
        self._traces.set(param, now)
        if before is not None and before != now:
            self._by_hand.set(param, True)
        return bool(self._by_hand.get(param))

    # --- what no optimizer holds ------------------------------------------------------------------------------

    def _left_out(self, known: Known, living: list[Known], plans: list[Home], out: list[Any], fed: bool) -> str:
        """Says what it knows more of; gives the names of the rest."""
        homes = {key: home for home in reversed(plans) for key in home[2].names}
        if fed and not any(key in homes for key in known.held.ids):  # it trains what is fed to a model: a picture, a prompt
            out = [p for p in out if id(p) not in homes]
        out = self._listed(known, plans, [p for p in out if self._speaks(known, living, p, homes)])
        modes = {id(p): m.training for _, model, _ in plans for m in model.modules() for p in m.parameters(recurse=False)}
        out = [p for p in out if modes.get(id(p), True)]
        if not out:
            return ""
        homeless = [each for each in living if each is known or (each.course.steps and not each.course.fed)]
        stale = not fed or any(p.grad is None and id(p) not in homes for each in homeless for p in each.held.params)
        born = [origin for p in out if (origin := self.origins.of(p)) is not None and origin[1] > known.course.born]
        if stale and born:
            known.course.stale = True
            self._say(known.course, UNHELD, (max(born, key=lambda origin: origin[1])[0], (known.ref,)))
            return ""
        for _, model, plan in {homes[id(p)] for p in out if id(p) in homes}:
            plan.call(spoken(model, sys._getframe()))
        return _words(out, homes)

    def _speaks(self, known: Known, living: list[Known], param: Any, homes: Homes) -> bool:
        """Whether it is this optimizer's to tell of a parameter: one that holds others of its model, else the first."""
        home = homes.get(id(param))
        kin = [each for each in living if home is not None and not each.held.ids.isdisjoint(home[2].names)]
        if kin and known not in kin:
            return False
        if self._speakers.get(param) is None:
            self._speakers.set(param, known.ref)
        return self._speakers.get(param) == known.ref

    def _listed(self, known: Known, plans: list[Home], out: list[Any]) -> list[Any]:
        """Says which of them are kept in plain lists; gives the rest."""
        named = {key for _, _, plan in plans for key in plan.names}
        lost = {id(p) for p in out if id(p) not in named}
        for ref, model, _ in plans if lost else ():
            places = []
            for module, name, params in unregistered(model):
                if not lost.isdisjoint(map(id, params)):
                    lost -= set(map(id, params))
                    found = assigned(module, name)
                    places.append(self._ear.spot_at(*found) if found else known.course.at)
                    out = [p for p in out if all(p is not each for each in params)]
            if places:
                self._say(known.course, UNREGISTERED, tuple(dict.fromkeys(places)), (known.ref, ref))
        return out

    # --- what gets no gradient --------------------------------------------------------------------------------

    def _wait(self, known: Known, plans: list[Home]) -> None:
        course = known.course
        for param in known.held.params:
            key = id(param)
            if self._met.get(param):
                continue
            waiting = course.waiting.get(key)
            if param.grad is not None or (waiting is not None and (waiting.came or waiting.settled())):
                self._met.set(param, True)
                if waiting is not None:
                    course.in_turns = course.in_turns or waiting.came
                    course.waiting.pop(key).handle.remove()
            elif waiting is None and param.is_leaf and learnable(param):
                course.waiting[key] = Waiting(param, course.steps - 1)
        if course.waiting:
            if plans:
                mine = [home for home in plans if not home[2].names.keys().isdisjoint(course.waiting)]
                course.plans = [plan for _, _, plan in mine]
                for ref, model, plan in mine:
                    course.called[ref] = spoken(model, sys._getframe()) or course.called.get(ref, "")
                    plan.call(course.called[ref])
            if course not in self._kept and len(self._kept) < _KEPT:
                self._kept.append(course)

    def _unmoved(self, course: Course) -> str:
        """What of an optimizer's parameters has had no gradient in all its steps, in words; "" where all had one."""
        enough = _IN_TURNS if course.in_turns or any(w.came for w in course.waiting.values()) else _ENOUGH
        names = {
            key
            for key, w in course.waiting.items()
            if not w.came and not w.settled() and not self._is_replaced(w) and course.steps - w.since >= enough
        }
        words: list[str] = []
        for plan in course.plans:
            parts = plan.parts((plan.names[key] for key in names if key in plan.names), foreign=False)
            words += [plan.words(parts)] if parts else []
            names -= plan.names.keys()
        if names and not course.stale:
            words.append(_nameless(len(names)))
        return " and ".join(words) if course.fed else ""

    def _is_replaced(self, waiting: Waiting) -> bool:
        param = waiting.param()
        return param is not None and bool(self.origins.replaced.get(param))

    def _say(self, course: Course, name: str, fact: object, of: tuple[Ref, ...] = ()) -> None:
        facts = self._facts.setdefault((name, fact), {name: fact})
        self._ear.say_at(COMPARED, course.at, course.ref, of or (course.ref,), facts)


def _words(params: Iterable[Any], homes: Homes) -> str:
    """Parameters as a person reads them."""
    by_plan: dict[Plan, list[str]] = {}
    loose = []
    for param in params:
        home = homes.get(id(param))
        if home is None:
            loose.append(spoken(param, sys._getframe()))
        else:
            by_plan.setdefault(home[2], []).append(home[2].names[id(param)])
    words = [plan.words(plan.parts(names)) for plan, names in by_plan.items()]
    if any(loose):
        return " and ".join([*words, ", ".join(filter(None, loose))])
    return " and ".join([*words, *([_nameless(len(loose))] if loose else [])])


def _nameless(count: int) -> str:
    return "a parameter that is in no model" if count == 1 else f"{count} parameters that are in no model"
