"""The tap: hears a real run through PyTorch's own extension points, and takes itself out exactly.

`listen(sink)` begins; every event goes to `sink`, any callable taking one Event, in the order in which things happen.
The tap reads no tensor's values but the few numbers of `measured`, late and many steps at once: no step waits for a
device, and a run that is heard ends in the same bits as one that is not. Importing this package loads no torch;
`listen` does.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from glassloop.events import END, Event, Ref
from glassloop.tap.place import Spot, resolve

if TYPE_CHECKING:
    from glassloop.tap.ear import Ear
    from glassloop.tap.first import FirstStep
    from glassloop.tap.patch import Patches

__all__ = ["Sink", "Spot", "Tap", "aside", "listen", "resolve", "unheard"]

Sink = Callable[[Event], None]


class Tap:
    """One listener at an ear; several may share it. The last that stops puts everything back."""

    def __init__(self, shared: Shared, sink: Sink, gone: Callable[[Ref], None] | None = None) -> None:
        self._shared, self._sink, self._gone = shared, sink, gone
        if gone is not None:
            shared.gone.append(gone)
        self._ear, self._on = shared.ear, True
        shared.join(sink)

    def stop(self, ended: bool = True) -> None:
        """Says `end` (unless the run was cut off: `ended=False`) and takes the tap out. Again: nothing."""
        shared = self._shared
        if not self._on or self._sink not in shared.sinks:
            return
        self._on = False
        if self._ear.on:
            self._ear.finish()
            if ended:
                self._ear.end(self._sink)
        broken = self._ear.broken
        shared.leave(self._sink)
        if self._gone in shared.gone:
            shared.gone.remove(self._gone)
        if ended and not broken:
            self._sink(Event(END, None))


class Shared:
    """An ear with those who listen to it, oldest first: a watch inside a watch hears the same calls."""

    def __init__(self, ear: Ear, patches: Patches) -> None:
        self.ear, self.patches = ear, patches
        self.sinks: list[Sink] = []
        self.gone: list[Callable[[Ref], None]] = []
        ear.take_out, ear.bury = patches.undo, self._bury

    def join(self, sink: Sink) -> None:
        """One more listener."""
        self.sinks.append(sink)
        self._set()

    def leave(self, sink: Sink) -> None:
        """One less; without any, the ear is taken out."""
        self.sinks.remove(sink)
        if self.sinks:
            self._set()
        else:
            self.ear.on = False
            self.patches.undo()

    def _bury(self, ref: Ref) -> None:
        for gone in tuple(self.gone):
            gone(ref)

    def _set(self) -> None:
        if not self.ear.broken:
            self.ear.sink = self.sinks[0] if len(self.sinks) == 1 else self._all

    def _all(self, event: Event) -> None:
        for sink in tuple(self.sinks):
            sink(event)


def listen(
    sink: Sink,
    also: Callable[[Ear, Patches], None] | None = None,
    numbers: bool = False,
    first: Callable[[FirstStep], None] | None = None,
    gone: Callable[[Ref], None] | None = None,
) -> Tap:
    """Begins to hear this thread's training; where it is heard already, `sink` hears it, too.

    `also` may change more of torch, outside of what the ear has changed; it is undone with it. `numbers`: say `measured`,
    too, which reads tensors, late and many steps at once. `first` is told the first step of each optimizer,
    `gone` of objects that are no more, some time after their end.
    Raises RuntimeError where another thread, still alive, is heard and trains: one process has one ear.
    """
    global _current
    from glassloop.tap import autograd, files, hands, loaders, models, optimizers, scalers, schedulers, waiting
    from glassloop.tap.ear import Ear
    from glassloop.tap.patch import Patches

    shared = _current
    if shared is not None and shared.ear.on and shared.ear.thread != threading.get_ident() and not shared.ear.move():
        if any(thread.ident == shared.ear.thread for thread in threading.enumerate()):
            raise RuntimeError("another thread of this process is being watched; stop that watch first")
        shared.ear.on = False  # its thread ended without stopping it
        shared.patches.undo()
    if shared is None or not shared.ear.on:
        shared = Shared(Ear(_nobody), Patches())
        try:
            for module in (optimizers, schedulers, loaders, models, hands, files, waiting):
                module.hear(shared.ear, shared.patches)
            shared.ear.census.hear(shared.patches)
            autograd.hear(shared.ear, shared.patches, scalers.hear(shared.ear, shared.patches))
        except BaseException:
            shared.ear.on = False
            shared.patches.undo()
            raise
    _current = shared
    if numbers and shared.ear.measures is None:
        from glassloop.tap.measures import Measures

        shared.ear.measures = Measures(shared.ear)
    if first is not None and shared.ear.first is None:
        from glassloop.tap.first import First

        shared.ear.first = First(shared.ear, first)
    if also is not None:
        also(shared.ear, shared.patches)
    shared.patches.settle()
    return Tap(shared, sink, gone)


@contextmanager
def unheard() -> Iterator[None]:
    """Nothing that happens inside is heard: trials that are no part of the training."""
    ear = None if _current is None else _current.ear
    if ear is not None and ear.thread != threading.get_ident():
        ear = None
    if ear is not None:
        ear.settle()
        ear.hush += 1
    aside[0] += 1
    try:
        yield
    finally:
        aside[0] -= 1
        if ear is not None:
            ear.hush -= 1


def _nobody(event: Event) -> None:
    """Hears nothing."""


def _forked() -> None:
    """A fork is not the run: a loader's worker, a helper. It hears nothing, and says and writes nothing."""
    if _current is not None:
        _current.ear.on = False
        _current.sinks.clear()


_current: Shared | None = None
aside = [0]  # how many `unheard` are open: who records objects asks, too
if hasattr(os, "register_at_fork"):  # there are no forks on Windows
    os.register_at_fork(after_in_child=_forked)
