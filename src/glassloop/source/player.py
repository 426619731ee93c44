"""The player: one path through a program, from its first line to its last.

It holds what is true right now (gradients on or off, loops under way, what was assumed about undecided conditions) and says
the events. Statements, expressions and calls are played by the modules of those names, which take the player first.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Hashable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from glassloop import events
from glassloop.events import Event, Ref
from glassloop.findings import Story, Where
from glassloop.rules import Listening, Rule
from glassloop.source.bounds import implied
from glassloop.source.owners import owners_in
from glassloop.source.values import (
    Grad,
    Instance,
    Loader,
    Module,
    Optimizer,
    Params,
    Partial,
    Scaler,
    Scheduler,
    Scope,
    Seq,
    Table,
    Tensor,
    Unknown,
    Value,
)

if TYPE_CHECKING:
    from glassloop.source.program import Program

Chain = tuple[tuple[str, int], ...]  # statements by path and line, the outermost first

STATEMENTS = 12_000  # played in one path before it is given up
CROWD = 64  # objects that may be told of an event at no cost
DEPTH = 40  # calls within calls


class Dead(Exception):  # noqa: N818 (control flow, no error)
    """The path ends here: the script raises or exits."""

    def __init__(self, kind: str = "") -> None:
        super().__init__(kind)
        self.kind = kind


class GaveUp(Exception):  # noqa: N818 (control flow, no error)
    """The path grew past its bounds; what it would have said is unknown."""


class Budget:
    """Statements that may still be played for one root."""

    def __init__(self, statements: int) -> None:
        self.left = statements


class Rounds:
    """How the loops under way may end."""

    def __init__(self) -> None:
        self.left = False  # some loop was left early, where it is open whether it is
        self.caught = 0  # inside bodies of `try`: an error is not the end
        self.floor = 0  # loops under way when the function was called that is under way
        self.doubts: dict[int, int] = {}  # `undecided` when a loop began, by its entry's id
        self.endless: set[int] = set()  # ids of the entries of `while True` loops


class Group:
    """What the script tells of the processes that it may run in."""

    def __init__(self) -> None:
        self.joined = False  # one of several processes
        self.guarded = 0  # inside `if __name__ == "__main__"`
        self.forks = False  # how processes are started was chosen by the script
        self.ranks: set[Hashable] = set()  # keys of unknown things that say which process this is
        self.shared: set[Hashable] = set()  # keys of what all processes met at: it is the same for all of them
        self.made_of: dict[Hashable, tuple[Hashable, ...]] = {}  # what an unknown answer depends on, where that is known


class Watched:
    """What may yet prove to be otherwise: to stand in for something else, to be no part of this path; windows of steps."""

    def __init__(self) -> None:
        self.given_grads: set[Any] = set()  # owners whose gradients were put in by hand before any backward: views, maybe
        self.replaced: list[Any] = []  # parameters that became others while an optimizer held them (replacing.Replaced)
        self.copies: list[Any] = []  # of models that an optimizer holds (replacing.Copied)
        self.copies_trained: set[int] = set()  # ids of those that a backward has reached
        self.choices_of: dict[Hashable, frozenset[Any]] = {}  # all values that an argument can have, by its key
        self.arms: list[Any] = []  # of the branches of which both are played: the open condition, and what it is there
        self.loads: list[tuple[Unknown, tuple[Any, ...]]] = []  # what torch.load gave, with the `arms` it was called in
        self.inner_losses: list[Any] = []  # in the forward that is played aside: see inside.InnerLoss
        self.spared: set[Any] = set()  # optimizers that an arm which was not taken would have trained
        self.window = False  # inside a context whose steps guard themselves: only some of its batches come to one
        self.window_asked = False  # the script itself asks, in its own way, whether this batch comes to a step


class Player(Watched):
    """Plays one path. `forced` are the first choices at undecided branches; `choices` records all that were made."""

    settled = False  # what is asked now can only be answered in one way

    def __init__(self, program: Program, rules: Iterable[Rule], forced: tuple[bool, ...], budget: Budget) -> None:
        super().__init__()
        self.program = program
        self.events: list[Event] = []
        self.listening = Listening(rules, self.events)
        self.forced = forced
        self.budget = budget
        self.choices: list[bool] = []
        self.asked: list[int] = []  # for each choice, how many events had been said
        self.questions: list[tuple[Hashable, tuple[str, int]]] = []  # for each choice, what was asked, by which statement
        self.assumed: dict[Hashable, bool] = {}
        self.chains: list[Chain] = []  # for each event, the statements under way: the calls that led to it, it last
        self.remarks: list[tuple[str, Chain]] = []  # what no rule hears and a reader wants told: see remark
        self.stories: list[tuple[Rule, Story]] = []
        self.told: list[int] = []  # for each story, how many events had been said
        self.visited: set[tuple[str, int]] = set()  # statements played, by path and line
        self.statement: tuple[str, int] = ("", 0)
        self.statement_of: dict[Where, tuple[str, int]] = {}
        self.spaces: dict[str, Scope] = {}  # modules of the user's, played once
        self.modules: dict[str, Value] = {}
        self.optimizers: list[Optimizer] = []
        self.steps: list[tuple[Optimizer, list[tuple[list[Any], int]]]] = []  # each with the turns of the loops around it
        self.over_batch: list[tuple[Module, tuple[ast.AST, Scope]]] = []  # softmaxes over a model's first dimension
        self.classifiers_seen: set[int] = set()  # models whose forward was looked at for such softmaxes, by serial
        self.classifiers: set[int] = set()  # models whose answers a loss over classes was given, by serial
        self.unnamed: list[tuple[ast.AST, Scope]] = []  # softmaxes of no named dimension in the forward that is played aside
        self.unregistered: dict[int, tuple[Where, ...]] = {}  # see registering.py, by the model's serial
        self.filled: dict[int, Where] = {}  # where plain dicts got their first layer, by the dict's id
        self.datasets: dict[int, list[Loader]] = {}  # loaders of the user's own datasets, by the dataset's id
        self.answered = 0  # questions that an assumption of this path has answered
        self.supposed = 0  # inside a branch that is taken by such an answer
        self.guards: list[Any] = []  # open conditions around what is played
        self.group = Group()
        self.batches = 0  # that loaders have handed over
        self.handed = 0  # of the last pass
        self.strange = False  # something was called that is neither the program's own nor a library's known here
        self.accelerated = False  # some model is on an accelerator, as far as the text goes
        self.grad = True
        self.off_at: Where | None = None  # where gradients were last switched off
        self.autocast = False
        self.computed_of: list[Value] = []  # what losses were computed of
        self.either = 0  # inside a branch of which both arms are played, one after the other
        self.minded = False  # something in the forward that is played aside minds the mode
        self.inside = 0  # forwards that are played aside, within each other
        self.hidden = 0  # inside a model's own forward: only the outermost call is heard
        self.undecided = 0  # inside a branch that may not be taken
        self.rounds = Rounds()
        self.cut = False  # some loop has more turns than were played
        self.loops: list[list[Any]] = []  # [sources of the bound, turn, whether it hands over data]
        self.played = 0
        self.serial = 0
        self.called: set[ast.AST] = set()
        self.frames: list[ast.AST] = []
        self.callers: list[tuple[str, int]] = []  # statements whose calls are under way
        self.asker: tuple[ast.AST, Scope] | None = None  # who asks an iterator for its next value
        self.roles: dict[Hashable, Value] = {}  # what an unknown thing turned out to be, by its use
        self.sure = True  # whether the roles of the objects in play are known, and not guessed from their use
        self.importing: list[str] = []
        self.haunted = False  # some library may call the script's own functions at any time
        self.lazies: list[Any] = []  # generators under way

    # --- saying events ---------------------------------------------------------------------------------------------------

    def where(self, node: ast.AST, scope: Scope) -> Where:
        """The place of a node; lines and columns count from 1."""
        line = getattr(node, "lineno", 1)
        end = getattr(node, "end_lineno", line) or line
        last = getattr(node, "end_col_offset", None)
        return Where(scope.path, line, getattr(node, "col_offset", 0) + 1, end, last + 1 if last is not None else 0)

    def say(
        self,
        kind: str,
        at: tuple[ast.AST, Scope],
        what: Ref | None = None,
        of: tuple[Ref, ...] | None = None,
        **facts: object,
    ) -> None:
        """Say an event; inside a model's forward nothing is heard."""
        if self.hidden:
            return
        place = self.where(*at)
        self.statement_of[place] = self.statement
        event = Event(kind, place, what, of, facts or events.NO_FACTS, sure=self.sure)
        self.events.append(event)
        self.chains.append((*self.callers, self.statement))
        self.stories.extend(self.listening.hear(event))
        # A program that goes on making models and optimizers: telling them all costs more than playing a statement.
        self.budget.left -= max(self.listening.objects - CROWD, 0) // 8
        self.told.extend([len(self.events)] * (len(self.stories) - len(self.told)))

    def remark(self, what: str) -> None:
        """Note what the present statement does that is no event: it makes a tensor a number, moves it, seeds, …"""
        if not self.hidden:
            self.remarks.append((what, (*self.callers, self.statement)))

    def opaque(self, at: tuple[ast.AST, Scope], touched: Iterable[Value] | None) -> None:
        """Say that unknown code may have touched these (None: anything); a model it got may be in either mode now."""
        if touched is None:
            for module in self.known_modules():
                module.training = None
            self.copies.clear()
            self.say(events.OPAQUE, at)
            return
        refs: dict[Ref, None] = {}
        touched = list(touched)
        if self.copies and any(isinstance(v, (Module, Optimizer, Params, Grad)) for v in touched):
            self.copies.clear()
        for value in touched:
            refs.update(self._touch(value))
        if refs:
            self.say(events.OPAQUE, at, None, tuple(refs))

    def _touch(self, value: Value) -> dict[Ref, None]:
        if isinstance(value, Module):
            value.training = None
            reached = owners_in({value})
            found = {value.ref: None}
            found.update({m.ref: None for m in reached if isinstance(m, Module)})
            found.update(dict.fromkeys(self.holding({value}) or ()))
            return found
        if isinstance(value, (Optimizer, Scheduler, Scaler)):
            return {value.ref: None}
        if isinstance(value, Params) and value.owners:
            return dict.fromkeys(self.holding(value.owners) or ())
        return {}

    def known_modules(self) -> list[Module]:
        """Every model that some optimizer holds."""
        found = set().union(*(owners_in(o.owners) for o in self.optimizers)) if self.optimizers else set()
        return [m for m in found if isinstance(m, Module)]

    # --- objects ---------------------------------------------------------------------------------------------------------

    def ref(self, role: str, label: str) -> Ref:
        """A new Ref."""
        self.serial += 1
        return Ref(self.serial, role, label)

    def holding(self, roots: Iterable[Any] | None, frozen: bool = True) -> tuple[Ref, ...] | None:
        """Optimizers that hold parameters of these roots; None where that cannot be known.

        Not `frozen`: parameters that take no gradient do not count. Where there is one optimizer only and its parameters
        (or the roots) are unknown, it is taken to be the one.
        """
        alone = len(self.optimizers) == 1
        if roots is None:
            return (self.optimizers[0].ref,) if alone else None
        owners = owners_in(roots)
        if not frozen:
            owners = frozenset(o for o in owners if not (isinstance(o, Module) and o.frozen))
        found = []
        for optimizer in self.optimizers:
            if optimizer.owners is None:
                if not alone:
                    return None
                found.append(optimizer.ref)
            elif not owners.isdisjoint(owners_in(optimizer.owners) - optimizer.stale):
                found.append(optimizer.ref)
        return tuple(found)

    def reached(self, roots: frozenset[Any] | None) -> tuple[Ref, ...] | None:
        """The optimizers that a backward from these roots fills gradients for.

        A loss that seems to depend on nothing, or on frozen models alone, was not understood: PyTorch would refuse it.
        """
        if roots and all(isinstance(owner, Module) and owner.frozen for owner in owners_in(roots)):
            roots = None
        if self.replaced and any(each.owner in owners_in(roots) for each in self.replaced):
            return None  # what this backward fills belongs to no optimizer any more: another rule's matter
        return self.holding(roots or None, frozen=False)

    def reachable(self, values: Iterable[Value]) -> list[Value]:
        """What unknown code could get at through these values."""
        seen: dict[int, Value] = {}
        pending = list(values)
        while pending:
            v = pending.pop()
            if id(v) in seen:
                continue
            seen[id(v)] = v
            if isinstance(v, (Instance, Optimizer)):
                pending.extend(v.attrs.values())
            elif isinstance(v, Seq):
                pending.extend(v.items)
            elif isinstance(v, Table):
                pending.extend(v.items.values())
            elif isinstance(v, Unknown):
                pending.extend(v.facts.values())
            elif isinstance(v, Partial):
                pending.extend([v.function, *v.args, *v.kwargs.values()])
            elif hasattr(v, "me") and isinstance(v.me, Value):
                pending.append(v.me)
        return list(seen.values())

    # --- choices ---------------------------------------------------------------------------------------------------------

    def decide(self, key: Hashable, default: bool) -> bool:
        """Which way an undecided condition goes: as it went before on this path, as forced, or by default."""
        known = self.known(key)
        if known is not None:
            return known
        if self.settled:
            self.assumed[key] = default
            return default
        i = len(self.choices)
        choice = self.forced[i] if i < len(self.forced) else default
        self.choices.append(choice)
        self.asked.append(len(self.events))
        self.questions.append((key, self.statement))
        self.assumed[key] = choice
        return choice

    @contextmanager
    def certain(self, settled: bool) -> Iterator[None]:
        """While this is entered (and `settled`) a question gets its default as the only answer, and is no choice."""
        before, self.settled = self.settled, settled
        try:
            yield
        finally:
            self.settled = before

    def known(self, key: Hashable) -> bool | None:
        """What the path's assumptions say of a condition. Keys: ("true", thing) and ("eq", thing, constant)."""
        if key in self.assumed:
            self.answered += 1
            return self.assumed[key]
        if not isinstance(key, tuple) or key[0] not in ("true", "eq", "cmp"):
            return None
        if key[0] != "true":
            said = implied(self.assumed, key)
            if said is not None or key[0] == "cmp":
                self.answered += said is not None
                return said
        for other, choice in self.assumed.items():
            if not choice or not isinstance(other, tuple) or len(other) < 2 or other[1] != key[1]:
                continue
            if other[0] == "eq" and key[0] == "eq":
                return False  # it equals another constant
            if other[0] == "eq" and key[0] == "true":
                return bool(other[2])
            if other[0] == "true" and key[2] is None:
                return False
        values = self.choices_of.get(key[1], ()) if key[0] == "eq" else ()
        if key[-1] in values and all(self.assumed.get(("eq", key[1], v)) is False for v in values if v != key[-1]):
            self.answered += 1
            return True  # it is none of the others
        return None

    def tick(self, node: ast.stmt, scope: Scope) -> None:
        """Note that a statement is played, and give up where the path has grown past its bounds."""
        self.played += 1
        self.statement = (scope.path, node.lineno)
        self.visited.add(self.statement)
        self.budget.left -= 1
        if self.played > STATEMENTS or self.budget.left <= 0:
            raise GaveUp


Handler = Callable[..., Value]
__all__ = ["DEPTH", "Dead", "GaveUp", "Handler", "Loader", "Player", "Tensor"]
