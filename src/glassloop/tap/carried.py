"""State that goes from batch to batch: what a model gave for an earlier one is handed to it again.

Told by where the tensors lie, as `detach` leaves them there; their numbers are not looked at.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch

from glassloop.events import Ref


class Carried:
    """Where the state lies that each model gave last, and for which batch."""

    def __init__(self) -> None:
        self.batches = 0  # handed over by loaders
        self._gave: dict[Ref, dict[int, int]] = {}  # model -> address -> the batch it was given for

    def given(self, model: Ref, args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
        """Whether a model is called, beside its input, with what it gave for an earlier batch."""
        known = self._gave.get(model)
        if known is None:
            return False
        return any(known.get(at, self.batches) != self.batches for at in _addresses((*args[1:], *kwargs.values())))

    def gave(self, model: Ref, result: tuple[Any, ...]) -> None:
        """A model has given several things: all but the first may be its state."""
        self._gave[model] = dict.fromkeys(_addresses(result[1:]), self.batches)


def _addresses(values: tuple[Any, ...]) -> Iterator[int]:
    for value in values:
        if isinstance(value, torch.Tensor):
            yield value.data_ptr()
        elif isinstance(value, (tuple, list)):
            yield from _addresses(tuple(value))


__all__ = ["Carried"]
