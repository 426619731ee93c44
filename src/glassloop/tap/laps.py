"""How long the loop waits for its loaders: the time inside a loader's `__next__`, against that from batch to batch.

The first batch of each pass is left out: it pays for the start of workers, and for what the program loads meanwhile. On an
accelerator the loop runs ahead of the device; a wait that ends before the device has done all its work keeps nobody waiting.
"""

from __future__ import annotations

import multiprocessing
import os
from collections import deque
from collections.abc import Mapping
from statistics import median
from time import perf_counter_ns
from typing import Any

import torch

from glassloop.events import NO_FACTS, WAITED, Ref, Waited

LEAST, MOST = 4, 1 << 14  # batches before anything is said, and after which nothing is measured
_YOUNG = 16  # batches of a pass by which its program uses the accelerator, if it does at all


class Clock:
    """The times of one loader, in nanoseconds."""

    __slots__ = ("batches", "due", "latest", "waited", "whole")

    def __init__(self) -> None:
        self.batches = self.waited = self.whole = 0
        self.latest: deque[int] = deque(maxlen=64)  # a wait that the scheduler of a busy machine made long is not typical
        self.due = LEAST  # the number of batches at which they are told


class Lap:
    """The times of one pass: when its last batch was handed over (0: none was), and when the next was asked for."""

    __slots__ = ("asked", "clock", "handed", "mark", "marks")

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.handed = self.asked = 0
        self.mark: Any = None  # the work of the device when the next was asked for
        self.marks = _YOUNG  # batches for which it is asked whether there is a device

    def ask(self) -> None:
        """The loop asks for a batch."""
        if self.handed and self.clock.batches < MOST:
            if self.marks:
                self.mark = _mark()
                self.marks -= self.mark is None
            self.asked = perf_counter_ns()

    def hand(self) -> Mapping[str, object]:
        """It has one. Gives the facts that are due."""
        clock = self.clock
        if not self.asked or clock.batches >= MOST:
            return NO_FACTS
        now = perf_counter_ns()
        busy = self.mark is not None and not self.mark.query()
        clock.batches += 1
        waited = 0 if busy else now - self.asked
        clock.waited += waited
        clock.latest.append(waited)
        clock.whole += now - self.handed
        if clock.batches < clock.due:
            return NO_FACTS
        if crowded():
            clock.due += 1 + clock.batches // 8  # asked again then
            return NO_FACTS
        clock.due = 2 * clock.batches
        seconds, typical = clock.waited / 1e9, median(clock.latest) / 1e9
        share = clock.waited / max(clock.whole, 1)
        return {WAITED: Waited(clock.batches, round(seconds, 3), round(typical, 5), round(share, 2))}


class Waiting:
    """The clocks of all loaders."""

    def __init__(self) -> None:
        self._clocks: dict[Ref, Clock] = {}

    def begins(self, ref: Ref) -> Lap:
        """A pass begins."""
        return Lap(self._clocks.setdefault(ref, Clock()))


def crowded() -> bool:
    """Whether the machine has more to do than this run gives it: then a wait is for a turn, and not for the data.

    This run may keep each core busy, and has each of its own processes besides.
    """
    if not hasattr(os, "getloadavg"):  # Windows
        return False
    own = 1 + len(multiprocessing.active_children())
    return os.getloadavg()[0] > (os.cpu_count() or 1) + own


def _mark() -> Any:
    """A mark behind the work that waits for the device; None without one, or while that work is being captured."""
    device: Any = torch.cuda  # untyped, in part
    if not device.is_initialized() or device.is_current_stream_capturing():
        return None
    mark = device.Event()
    mark.record()
    return mark


__all__ = ["Lap", "Waiting"]
