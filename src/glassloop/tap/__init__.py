"""The tap: hears a real run through PyTorch's own extension points, and takes itself out exactly.

`listen(sink)` begins; every event goes to `sink`, any callable taking one Event, in the order in which things happen.
The tap reads no tensor's values: nothing that it does waits for a device, and a run that is heard ends in the same bits
as one that is not. Importing this package loads no torch; `listen` does.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from glassloop.events import END, Event
from glassloop.tap.place import Spot, resolve

if TYPE_CHECKING:
    from glassloop.tap.ear import Ear
    from glassloop.tap.patch import Patches

__all__ = ["Sink", "Spot", "Tap", "listen", "resolve"]

Sink = Callable[[Event], None]


class Tap:
    """An ear that is listening; `stop` ends it and puts everything back."""

    def __init__(self, ear: Ear, patches: Patches, sink: Sink) -> None:
        self._ear, self._patches, self._sink = ear, patches, sink

    def stop(self, ended: bool = True) -> None:
        """Says `end` (unless the run was cut off: `ended=False`) and takes the tap out. Again: nothing."""
        if not self._ear.on:
            return
        self._ear.settle()
        self._ear.on = False
        self._patches.undo()
        if ended:
            self._sink(Event(END, None))


def listen(sink: Sink, also: Callable[[Ear, Patches], None] | None = None) -> Tap:
    """Begins to hear this thread's training. Raises RuntimeError where a tap listens already: one run has one ear.

    `also` may change more of torch, outside of what the ear has changed; it is undone with it.
    """
    global _current
    if _current is not None and _current._ear.on:
        raise RuntimeError("this process is being watched already; stop that watch first")
    from glassloop.tap import autograd, files, hands, loaders, models, optimizers, scalers, schedulers
    from glassloop.tap.ear import Ear
    from glassloop.tap.patch import Patches

    ear, patches = Ear(sink), Patches()
    _current = Tap(ear, patches, sink)
    for module in (optimizers, schedulers, loaders, models, hands, files):
        module.hear(ear, patches)
    autograd.hear(ear, patches, scalers.hear(ear, patches))
    if also is not None:
        also(ear, patches)
    patches.settle()
    return _current


_current: Tap | None = None
