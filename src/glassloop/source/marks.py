"""What is known of a tensor beside whose gradients it reaches: what it came from, and what its numbers are."""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING, Any, NamedTuple

from glassloop.findings import Where

if TYPE_CHECKING:
    from glassloop.source.values import Module, Value


class Past(NamedTuple):
    """What a tensor came from: see past.py. The graphs that a backward through it would walk for certain.

    `whole`: there are no others. `cut`: the place where what it came from left its graph. `mean`: whether it is a mean
    over the batch that nothing has divided since (None: who knows). `pair`: values and their places, which carry none.
    `parts`: of a structure that a model gave, what is known of each part, by index or name.
    `total`: it is a plain sum over the batch. `batch`: the number of the batch that a model last had in hand for it.
    `outs`: the outputs of models that it was computed of. `mixed`: of more than one tensor.
    `drawn`: it was drawn together into one number by hand, from `outs`: (place, the graph of that).
    """

    graphs: frozenset[Any] = frozenset()
    whole: bool = True
    cut: Hashable = None
    mean: bool | None = None
    pair: bool = False
    parts: tuple[tuple[object, Part], ...] = ()
    total: bool = False
    batch: int | None = None
    outs: frozenset[Any] = frozenset()
    mixed: bool = False
    drawn: tuple[Where, Any] | None = None


class Part(NamedTuple):
    """A part of what a model gave: whether it carries a graph, whether it is a mean, whether it is one tensor.

    `items`: of a tuple, how many.
    """

    carries: bool
    mean: bool | None
    single: bool
    items: int = 0


BLANK = Past()
UNSURE = Past(whole=False)


class Form(NamedTuple):
    """What numbers are known to be (`events.PROBABILITIES`, `events.LOG_PROBABILITIES`), and where they were made so."""

    how: str
    at: Where
    axis: object = None  # the dimension that a softmax was taken over, where the text names it
    rows: bool = False  # of what a layer with several outputs gave: its first dimension is no dimension of classes


class Output(NamedTuple):
    """What a model of the user's gives when it is called with `given`; `trail`: the indices taken of that since."""

    module: Module
    given: tuple[Value, ...]
    training: bool | None
    trail: tuple[object, ...]
    scaled: bool = False  # times a number, or divided by one: the same rows and columns of other numbers
