"""Losses and outputs of earlier steps whose graphs are still alive.

A mark is hung on the node that made a loss (or an output), where it lives exactly as long as the graph's head does: in a
list, in a sum, or nowhere. Only the first steps are marked. Afterwards nothing is done any more.
"""

from __future__ import annotations

import weakref
from collections import deque
from collections.abc import Mapping
from typing import Any

import torch

from glassloop.events import GRAPHS, MANY
from glassloop.tap.place import Spot

MARK = "glassloop.kept"
STEPS = 96  # steps whose losses are marked
_MANY = 64  # losses of earlier steps alive at once: no loop needs so many


class Mark:
    """Alive as long as the graph it hangs on. `step`: how many steps had been taken; `walked`: a backward has used it."""

    __slots__ = ("__weakref__", "at", "step", "walked")

    def __init__(self, at: Spot | None, step: int, walked: bool) -> None:
        self.at, self.step, self.walked = at, step, walked


class Kept:
    """The marks of the first steps."""

    def __init__(self) -> None:
        self.on = True
        self._steps = 0
        self._marks: deque[weakref.ref[Mark]] = deque()
        self._facts: dict[tuple[int, bool], Mapping[str, object]] = {}

    def walked(self, loss: Any, at: Spot | None) -> None:
        """A backward has gone through `loss`."""
        if isinstance(loss, (list, tuple)) and loss:
            loss = loss[0]
        self._hang(loss, at, True)

    def gave(self, output: Any, at: Spot | None) -> None:
        """A model has given `output`; of several tensors the first is looked at."""
        if isinstance(output, Mapping):
            output = next(iter(output.values()), None)
        elif isinstance(output, (list, tuple)) and output:
            output = output[0]
        self._hang(output, at, False)

    def stepped(self, places: int) -> tuple[Spot | None, Mapping[str, object]] | None:
        """A step was taken, and backwards have run at so many places.

        Gives the place and the facts of a `held` where something from before the last step is alive still.
        """
        self._steps += 1
        if self._steps > STEPS:
            self.on = False
            self._marks.clear()
            return None
        while self._marks and self._marks[0]() is None:
            self._marks.popleft()
        old = [mark for mark in (ref() for ref in self._marks) if mark is not None and mark.step < self._steps - 1]
        if not old:
            return None
        many = sum(mark.walked for mark in old) >= _MANY
        key = places, many
        if key not in self._facts:
            self._facts[key] = {GRAPHS: frozenset(range(-2, 2 * places)), MANY: many}
        return next((mark.at for mark in old if mark.walked), old[0].at), self._facts[key]

    def _hang(self, tensor: Any, at: Spot | None, walked: bool) -> None:
        node: Any = tensor.grad_fn if isinstance(tensor, torch.Tensor) else None
        if node is None:
            return
        known = node.metadata.get(MARK)
        if known is None:
            known = node.metadata[MARK] = Mark(at, self._steps, walked)
            self._marks.append(weakref.ref(known))
        elif walked:
            known.walked, known.at = True, at


__all__ = ["Kept"]
