"""What a name can stand for while a script is played.

Objects live on the player's heap as plain mutable Python objects, so aliasing is what it is in the script. A value that is
not known carries a key: the same key is the same (unknown) thing all along a path, and a branch on it goes the same way.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass, field
from typing import Any

from glassloop.events import Ref
from glassloop.findings import Where
from glassloop.source.marks import BLANK, Form, Output, Past


class Value:
    """Anything a name can stand for."""


@dataclass(eq=False)
class Const(Value):
    """A number, string, bool or None that the text gives away.

    `source`: where a number came from (the loop that it bounds counts the same thing); `last`: what a loop's counter would
    really be on its last turn, where fewer turns are played than there are.
    """

    value: Any
    source: frozenset[Hashable] = frozenset()
    last: Any = None
    counted: bool = False  # it counts turns of a loop that has more of them than are played
    added: bool = False  # it is a sum


@dataclass(eq=False)
class Unknown(Value):
    """A value that the text does not give away; `plus` is added to what `key` names."""

    key: Hashable
    source: frozenset[Hashable] = frozenset()
    plus: int = 0
    facts: dict[str, Value] = field(default_factory=dict)  # attributes and items that were set or asked for
    plain: bool = False  # no tensor for certain: a number, text, an array
    cut: Hashable = None  # where it was read out of a tensor that carried a graph


@dataclass(eq=False)
class External(Value):
    """A name of a library, by its dotted path: torch.nn.Linear."""

    path: str


@dataclass(eq=False)
class Tensor(Value):
    """A tensor, or some structure of tensors (`loose`) that came out of a model.

    `roots`: the models and parameters whose gradients a backward would reach; None: who knows.
    `length`: size of the first dimension, where known.
    """

    roots: frozenset[Any] | None = frozenset()
    length: int | None = None
    scaled: bool | None = False
    leaf: bool = False
    loose: bool = False
    past: Past = BLANK
    odd: bool = False  # a dataset that may hand over for an index what it likes
    base: Value | None = None  # the dataset that this is a part of
    form: Form | Output | None = None
    several: bool = False  # its first dimension, or that of what is in it, is certainly that of several samples


@dataclass(eq=False)
class Module(Value):
    """An nn.Module. `cls` is the user's class, or None for a library's, whose children are only known when asked for."""

    ref: Ref
    cls: ClassValue | None = None
    attrs: dict[str, Value] = field(default_factory=dict)
    training: bool | None = True
    frozen: bool = False
    kind: str = ""  # the library's class: torch.nn.Linear
    items: list[Value] = field(default_factory=list)  # children by position (Sequential, ModuleList)
    axis: object = None  # the dimension that a layer's softmax is taken over
    made: Where | None = None  # where a layer that squashes was made
    places: dict[str, Where] = field(default_factory=dict)  # where it got plain lists and dicts, by attribute
    minds: str = ""  # what of a library's minds the mode, for people
    doubtful: bool = False  # made or put here in a branch that may not have been taken
    within: tuple[int, frozenset[Any]] = (-1, frozenset())  # see owners_within
    keeps: tuple[int, bool] = (-1, False)  # see past.remembers


@dataclass(eq=False)
class Params(Value):
    """An iterable of parameters: those of some models, or single ones. `whole`: all of them, not a selection."""

    owners: frozenset[Any] | None
    whole: bool = True
    named: bool = False


@dataclass(eq=False)
class Grad(Value):
    """The gradients of parameters."""

    owners: frozenset[Any] | None
    whole: bool = True


@dataclass(eq=False)
class Super(Value):
    """super(): the next class after `cls`, for `me`."""

    me: Value
    cls: ClassValue


@dataclass(eq=False)
class Optimizer(Value):
    """An optimizer over the parameters of `owners` (None: who knows)."""

    ref: Ref
    owners: frozenset[Any] | None
    attrs: dict[str, Value] = field(default_factory=dict)
    cls: ClassValue | None = None
    guarded: bool = False  # prepared by Accelerate: its steps and clearings wait for the end of a window
    stale: set[Any] = field(default_factory=set)  # what came into its models after it was made: not held (replacing.py)


@dataclass(eq=False)
class Scheduler(Value):
    """A learning-rate schedule; `counts`: sources of the number that its length was given as."""

    ref: Ref
    optimizer: Optimizer | None
    counts: frozenset[Hashable] = frozenset()
    unit: str | None = None
    depth: int = 0  # how many loops ran when it was made
    attrs: dict[str, Value] = field(default_factory=dict)


@dataclass(eq=False)
class Scaler(Value):
    """A GradScaler."""

    ref: Ref
    enabled: bool
    skips: bool = False


@dataclass(eq=False)
class Loader(Value):
    """A DataLoader; `length` in batches, where known."""

    ref: Ref
    length: int | None = None
    key: Hashable = None
    dataset: Value | None = None
    order: str | None = None  # as events.ORDER
    workers: int | None = None
    forked: bool = False  # how its workers are started was chosen
    sampler: Value | None = None  # a Sampler, or Unknown where it may have one
    depth: int = 0  # how many loops ran when it was made


@dataclass(eq=False)
class Sampler(Value):
    """A DistributedSampler."""

    ref: Ref


MOST = 256  # items of a list that are kept: one that grows by itself would double with every turn


@dataclass(eq=False)
class Seq(Value):
    """A list, tuple or set. Not `exact`: it may hold more than `items`."""

    items: list[Value]
    exact: bool = True
    frozen: bool = False  # a tuple
    per: Seq | None = None  # what it was made of, one item for each
    alike: bool = False  # what it holds beyond `items` is like these


@dataclass(eq=False)
class Table(Value):
    """A dict with constant keys."""

    items: dict[Any, Value]
    exact: bool = True
    key: Hashable = None
    lists: bool = False  # a key that is asked for and missing gets an empty list


@dataclass(eq=False)
class Span(Value):
    """A range. `count`: how many turns (a Const or an Unknown)."""

    start: Value
    count: Value
    step: int = 1


@dataclass(eq=False)
class Stream(Value):
    """An iterator under way: each `next` of `it` plays what it must to give one value.

    `entry`: as of a loop (see loops.play_for): it is told whether turns are left out.
    """

    it: Iterator[Value]
    length: Value | None = None
    entry: list[Any] | None = None


@dataclass(eq=False)
class Function(Value):
    """A function of the user's, with the scope it was made in, and `me` where it is bound."""

    node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
    scope: Scope
    me: Value | None = None
    owner: ClassValue | None = None
    defaults: dict[str, Value] = field(default_factory=dict)
    contexts: tuple[Value, ...] = ()  # decorators that are contexts: no_grad()


@dataclass(eq=False)
class Bound(Value):
    """A method of something that the reader knows by itself: optimizer.step, list.append."""

    me: Value
    name: str


@dataclass(eq=False)
class Partial(Value):
    """functools.partial, and bound arguments in general."""

    function: Value
    args: list[Value]
    kwargs: dict[str, Value]


@dataclass(eq=False)
class ClassValue(Value):
    """A class of the user's; `bases` are ClassValues and Externals, nearest first."""

    name: str
    node: ast.ClassDef
    scope: Scope
    bases: list[Value]
    attrs: dict[str, Value] = field(default_factory=dict)

    def find(self, name: str) -> Value | None:
        """An attribute of the class or of the nearest base that has it."""
        if name in self.attrs:
            return self.attrs[name]
        found = (base.find(name) for base in self.bases if isinstance(base, ClassValue))
        return next((v for v in found if v is not None), None)

    def roots(self) -> Iterator[str]:
        """Dotted paths of the library classes that it descends from."""
        for base in self.bases:
            if isinstance(base, ClassValue):
                yield from base.roots()
            elif isinstance(base, External):
                yield base.path


@dataclass(eq=False)
class Instance(Value):
    """An object of the user's class, or a namespace. `key` names it where it came from outside."""

    cls: ClassValue | None
    attrs: dict[str, Value] = field(default_factory=dict)
    open: bool = False  # may have attributes that nobody saw being set
    key: Hashable = None


@dataclass(eq=False)
class Space(Value):
    """A module of the user's, given on the command line."""

    scope: Scope


@dataclass(eq=False)
class Context(Value):
    """What a `with` enters. `grad`: what it sets gradients to (None: nothing to do with them)."""

    grad: bool | None = None
    before: bool | None = None  # what leaving it sets gradients to, where making it has already switched them
    autocast: bool | None = None  # what it sets autocast to
    window: bool = False  # only some of the batches in it come to a step


class Scope:
    """Names of a function or module; `above` is where it was written, `path` the file."""

    __slots__ = ("above", "born", "cls", "give", "globals", "me", "nonlocals", "path", "vars")

    def __init__(self, path: str, above: Scope | None = None) -> None:
        self.path = path
        self.above = above
        self.vars: dict[str, Value] = {}
        self.nonlocals: set[str] = set()
        self.born = 0  # how many events had been said when the function was called
        self.give: Callable[[Value], None] | None = None  # where a generator's values go
        self.me: Value | None = None  # for super(): the object and the class of the method
        self.cls: ClassValue | None = None
        self.globals: Scope = above.globals if above is not None else self

    def get(self, name: str) -> Value | None:
        """The value of a name, looked up outwards."""
        scope: Scope | None = self
        while scope is not None:
            if name in scope.vars:
                return scope.vars[name]
            scope = scope.above
        return None

    def set(self, name: str, value: Value) -> None:
        """Bind a name here, or outside where it was declared nonlocal or global."""
        if name not in self.nonlocals:
            self.vars[name] = value
            return
        scope = self.above
        while scope is not None and name not in scope.vars and scope.above is not None:
            scope = scope.above
        (scope or self).vars[name] = value


NONE = Const(None)
PACKED = "packed"  # the key of a PackedSequence: its data carries the graph of what was packed
MODE = ("mode",)  # the source of a value that is a model's mode: self.training
