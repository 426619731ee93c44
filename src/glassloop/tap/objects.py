"""The objects of a run as they pass, for who records them: batches and their indices, losses, norms, steps, files.

The ear makes words of calls, which cost a look at the stack; a record needs none of them, but the objects. So these are few
hooks, without any on a model's forward, and they can stand inside or outside of the ear's.
"""

from __future__ import annotations

import functools
import os
import sys
import weakref
from collections import deque
from collections.abc import Callable
from threading import get_ident
from types import FrameType
from typing import Any, Protocol

import torch
from torch.optim.optimizer import register_optimizer_step_post_hook, register_optimizer_step_pre_hook
from torch.utils.data import DataLoader
from torch.utils.data.dataloader import _BaseDataLoaderIter, _SingleProcessDataLoaderIter

from glassloop.tap import aside
from glassloop.tap.autograd import CLIPS
from glassloop.tap.patch import Patches

_compiling = torch.compiler.is_dynamo_compiling  # whether what follows is but traced; a step asks twice


class Listener(Protocol):
    """Who is told. What it raises ends the listening, not the training."""

    def begins(self, loader: Any, iterator: Any) -> None:
        """A pass of a loader begins."""

    def handed(self, iterator: Any, index: Any, batch: Any) -> None:
        """A batch was handed over; `index` is what the sampler gave for it, None where that is unknown."""

    def dry(self, iterator: Any) -> None:
        """A pass has no more batches."""

    def backward(self, loss: Any) -> None:
        """A backward begins with this."""

    def clipped(self, norm: Any) -> None:
        """Gradients were clipped; what they measured before."""

    def steps(self, optimizer: Any) -> None:
        """An optimizer is about to step."""

    def stepped(self, optimizer: Any) -> None:
        """It has stepped."""

    def saving(self, path: Any) -> None:
        """torch.save is about to write to this path."""

    def saved(self, path: Any) -> None:
        """It has."""

    def loaded(self, path: Any) -> None:
        """torch.load has read this path."""


class Objects:
    """The hooks of one listener; `failed` is told what it raised.

    One thread is heard: that of the first call, until another takes the first step.
    """

    def __init__(self, listener: Listener, failed: Callable[[Exception], None]) -> None:
        self._listener, self._failed = listener, failed
        self.on = True
        self._thread: int | None = None
        self._stepped = False
        self._inside: Any = None  # the iterator that is fetching: what its dataset does is no part of the loop
        self.busy = False  # inside a backward, a clip, a file: what they call is no call of the loop's
        self._index: Any = None  # of the batch that is being fetched
        self._ahead: weakref.WeakKeyDictionary[Any, tuple[Any, deque[Any]]] = weakref.WeakKeyDictionary()
        self._running: list[Any] = []  # the optimizers whose steps are under way
        self._known: Callable[[], Any] = _nobody  # the last optimizer of whose step the listener was told, weakly
        self._patches = Patches()
        try:
            self._hear(self._patches)
        except BaseException:
            self._patches.undo()
            raise
        self._patches.settle()
        _open.add(self)

    def stop(self) -> None:
        """Takes every hook out."""
        self.on = False
        _open.discard(self)
        self._patches.undo()

    def _hear(self, patches: Patches) -> None:
        patches.attribute(DataLoader, "__iter__", self._begins)
        patches.attribute(_BaseDataLoaderIter, "__next__", self._next)
        patches.attribute(_BaseDataLoaderIter, "_next_index", self._next_index)
        patches.attribute(torch.autograd, "backward", self._backward)
        for name in CLIPS:
            if name != "clip_grad_value_":  # which measures nothing
                patches.function(torch.nn.utils, name, functools.partial(self._clip, name))
        patches.function(torch, "save", functools.partial(self._file, 1, "f"))
        patches.function(torch, "load", functools.partial(self._file, 0, "f"))
        patches.then(register_optimizer_step_pre_hook(self._steps).remove)
        patches.then(register_optimizer_step_post_hook(self._has_stepped).remove)

    def _here(self) -> bool:
        if not self.on or aside[0]:
            return False
        here = get_ident()
        if self._thread is None:
            self._thread = here
        return here == self._thread

    def _fault(self) -> None:
        """The listener failed: it is told so, and hears nothing from then on. The hooks are taken out at the end."""
        if self.on:
            self.on = False
            error = sys.exc_info()[1]
            if isinstance(error, Exception):
                self._failed(error)

    # --- loaders ---------------------------------------------------------------------------------------------------------

    def _begins(self, original: Any) -> Any:
        @functools.wraps(original)
        def __iter__(loader: Any) -> Any:  # noqa: N807
            iterator = original(loader)
            if self._inside is None and self._here():
                try:
                    self._listener.begins(loader, iterator)
                except Exception:
                    self._fault()
            return iterator

        return __iter__

    def _next(self, original: Any) -> Any:
        handed = self._listener.handed

        @functools.wraps(original)
        def __next__(iterator: Any) -> Any:  # noqa: N807
            if self._inside is not None or not self.on or aside[0] or (get_ident() != self._thread and not self._here()):
                return original(iterator)
            self._inside = iterator
            try:
                batch = original(iterator)
            except StopIteration:
                try:
                    self._listener.dry(iterator)
                except Exception:
                    self._fault()
                raise
            finally:
                self._inside = None
            try:
                if type(iterator) is _SingleProcessDataLoaderIter:
                    index = self._index
                else:
                    ahead = self._ahead.get(iterator)
                    index = ahead[1].popleft() if ahead is not None and ahead[1] else None
                handed(iterator, index, batch)
            except Exception:
                self._fault()
            return batch

        return __next__

    def _next_index(self, original: Any) -> Any:
        @functools.wraps(original)
        def _next_index(iterator: Any) -> Any:
            index = original(iterator)
            if self._inside is iterator and type(iterator) is _SingleProcessDataLoaderIter:
                self._index = index  # it is fetched at once
            elif self._here() and (self._inside is None or self._inside is iterator):
                try:
                    ahead = self._ahead.get(iterator)
                    if ahead is None or ahead[0] is not iterator._sampler_iter:  # workers that persist begin a new pass
                        ahead = self._ahead[iterator] = iterator._sampler_iter, deque()
                    ahead[1].append(index)
                except Exception:
                    self._fault()
            return index

        return _next_index

    # --- gradients -------------------------------------------------------------------------------------------------------

    def _backward(self, original: Any) -> Any:
        heard = self._listener.backward

        @functools.wraps(original)
        def backward(tensors: Any, *args: Any, **kwargs: Any) -> None:
            if _compiling() or self.busy or not self.on or aside[0] or (get_ident() != self._thread and not self._here()):
                original(tensors, *args, **kwargs)
                return
            try:
                heard(tensors)
            except Exception:
                self._fault()
            self.busy = True
            try:
                original(tensors, *args, **kwargs)
            finally:
                self.busy = False

        return backward

    def _clip(self, name: str, original: Any) -> Any:
        given = name == "clip_grads_with_norm_"  # which is told the norm, and returns nothing

        @functools.wraps(original)
        def clip(*args: Any, **kwargs: Any) -> Any:
            result = original(*args, **kwargs)
            if not _compiling() and not self.busy and self._here():
                try:
                    self._listener.clipped(kwargs.get("total_norm", args[2] if len(args) > 2 else None) if given else result)
                except Exception:
                    self._fault()
            return result

        return clip

    def _steps(self, optimizer: Any, args: Any, kwargs: Any) -> None:
        if _compiling():
            return
        if self._running or optimizer is not self._known() or get_ident() != self._thread:
            self._first_step(optimizer, sys._getframe(1))
        else:
            self._running.append(optimizer)

    def _first_step(self, optimizer: Any, frame: FrameType) -> None:
        """A step of an optimizer that is new, that steps within another's step, or in another thread."""
        if not self.on or aside[0]:
            return
        if get_ident() != self._thread:
            if self._stepped:
                return
            self._thread = get_ident()  # what came first was done by a thread that waits for the one that trains
        while self._running and not _is_stepping(self._running[-1], frame):  # a step that raised has no second hook
            self._running.pop()
        self._running.append(optimizer)
        if len(self._running) == 1:
            try:
                self._listener.steps(optimizer)
                self._known = weakref.ref(optimizer)
            except Exception:
                self._fault()

    def _has_stepped(self, optimizer: Any, args: Any, kwargs: Any) -> None:
        running = self._running
        if not running or running[-1] is not optimizer or get_ident() != self._thread:
            return
        running.pop()
        if running or not self.on or aside[0]:  # an optimizer that another one wraps
            return
        self._stepped = True
        try:
            self._listener.stepped(optimizer)
        except Exception:
            self._fault()

    # --- files -----------------------------------------------------------------------------------------------------------

    def _file(self, place: int, name: str, original: Any) -> Any:
        """torch.save or torch.load: the file is the argument at `place`."""

        def tell(told: Any, args: Any, kwargs: Any) -> None:
            path = args[place] if len(args) > place else kwargs.get(name)
            if isinstance(path, (str, os.PathLike)):
                try:
                    told(path)
                except Exception:
                    self._fault()

        @functools.wraps(original)
        def file(*args: Any, **kwargs: Any) -> Any:
            if self.busy or not self._here():
                return original(*args, **kwargs)
            if place:
                tell(self._listener.saving, args, kwargs)
            self.busy = True
            try:
                result = original(*args, **kwargs)
            finally:
                self.busy = False
            tell(self._listener.saved if place else self._listener.loaded, args, kwargs)
            return result

        return file


def _is_stepping(optimizer: Any, hooked: FrameType) -> bool:
    """Whether a step of this optimizer is on the stack outside of `hooked`, the frame that runs the hooks of a step."""
    frame = hooked.f_back
    while frame is not None:
        if frame.f_code is hooked.f_code and frame.f_locals.get("self") is optimizer:
            return True
        frame = frame.f_back
    return False


def _nobody() -> None:
    """In place of a reference to nothing yet."""


def _forked() -> None:
    """A fork is not the run."""
    for one in tuple(_open):
        one.on = False
    _open.clear()


_open: set[Objects] = set()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forked)
