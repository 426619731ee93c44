"""A digest of all that a step changes: the parameters that optimizers hold, and the other parameters and buffers of the
models that these belong to, as they are after the step.

xxh3-128, because it keeps up with memory; it tells two states apart, it is no proof against one who seeks a collision, and
need not be one: a checkpoint's digests are sha256. On the CPU only: on an accelerator a digest would wait for the device.

What is digested hangs on the steps alone, never on what Python has collected, so that the same program gives the same
digests again.
"""

from __future__ import annotations

import ctypes
import gc
import time
import weakref
from collections.abc import Iterator
from statistics import median
from typing import Any

import torch
import xxhash

from glassloop.tap.contents import numbers

ALGORITHM = "xxh3-128"
SHARE = 0.03  # of a step's time that digests may cost
TRIAL, TIMED = 8, 4  # steps after which is known how often; those of them, the last, at which a digest is timed
WALK = 256  # steps after which the models are walked over again
LATEST = 64  # steps without one of its own after which an optimizer is none of this training
SCANS = 32  # looks through memory for models: each costs some 50 ms


class State:
    """The digests of one run's states. `every`: steps between two; None: chosen after TRIAL steps; 0: none."""

    def __init__(self, every: int | None) -> None:
        self.every = every
        self._optimizers: dict[int, tuple[weakref.ref[Any], int]] = {}  # by id: and its last step
        self._models: list[weakref.ref[Any]] = []
        self._tensors: list[list[Any]] = []  # where each stands (a buffer may be replaced), and `_look` of it
        self._ids: frozenset[int] = frozenset()
        self._header = b""
        self._scans = 0
        self._spent: list[float] = []
        self._steps: list[float] = []
        self._last = 0.0

    def stepped(self, optimizer: Any, step: int) -> str | None:
        """The digest after this step, where it is due."""
        if self.every == 0:
            return None
        if self.every is None:
            return self._try(optimizer, step)
        self._keep(optimizer, step)
        return None if step % self.every else self._digest()

    def choose(self) -> int | None:
        """How often to digest from now on, once that is known: a power of two. None before, and after."""
        if self.every is not None or len(self._steps) < TRIAL - 1:
            return None
        share = min(self._spent[1:]) / max(median(self._steps), 1e-9)
        self.every = 1
        while share / self.every > SHARE and self.every < 1 << 20:
            self.every *= 2
        return self.every

    def places(self) -> list[tuple[Any, Any, str]]:
        """Where the digested tensors stand: (holder, name there, whole name)."""
        names = [line.partition(" ")[0].strip(".") for line in self._header.decode().split("\n")]
        return [(held, name, whole) for (held, name, *_), whole in zip(self._tensors, names, strict=False)]

    def _try(self, optimizer: Any, step: int) -> str | None:
        """While it is not known what a digest costs: one at the first step, which finds the models, and some later ones."""
        now = time.perf_counter()
        if self._last:
            self._steps.append(now - self._last)
        self._keep(optimizer, step)
        found, began = None, time.perf_counter()
        if not self._spent or len(self._steps) >= TRIAL - TIMED:
            found = self._digest()
            self._spent.append(time.perf_counter() - began)
        self._last = time.perf_counter()
        return found

    def _keep(self, optimizer: Any, step: int) -> None:
        """Remembers who steps; looks for the models of one that is new."""
        known = self._optimizers
        new = id(optimizer) not in known or known[id(optimizer)][0]() is not optimizer
        known[id(optimizer)] = weakref.ref(optimizer), step
        gone = [key for key, (_, last) in known.items() if step - last > LATEST] if len(known) > 1 else []
        for key in gone:
            del known[key]
        if new or gone:
            self._find()
        elif step % WALK == 0:
            self._walk()

    def _digest(self) -> str | None:
        if not self._tensors:
            return None
        digest = xxhash.xxh3_128(self._header)
        update = digest.update
        try:
            for place in self._tensors:
                held, name, known, at, count, view = place
                tensor = held[name]
                if tensor is known and tensor.data_ptr() == at and tensor.numel() == count:
                    update(view)
                elif tensor is not None:
                    update(_again(place, tensor))
        except Exception:  # on a device, sparse, sharded, or taken away since
            return None
        return digest.hexdigest()

    def _params(self) -> Iterator[Any]:
        for link, _ in self._optimizers.values():
            optimizer = link()
            for group in optimizer.param_groups if optimizer is not None else ():
                yield from group["params"]

    def _find(self) -> None:
        """Finds the models of the optimizers."""
        params = {id(p) for p in self._params()}
        if any(not p.is_cpu for p in self._params()):
            self._tensors = []
            return
        if self._scans < SCANS and not params <= self._ids:
            self._scans += 1
            self._models = [weakref.ref(model) for model in models(params)]
        self._walk()

    def _walk(self) -> None:
        """Finds the tensors of the models, in an order that is the same when the program runs again."""
        params = list(self._params())
        place = {id(p): n for n, p in enumerate(params)}
        found: list[tuple[int, str, Any, Any]] = []
        for link in self._models:
            model = link()  # whose truth may raise: a compiled one's does
            if model is None:
                continue
            first = min((place[id(p)] for p in model.parameters() if id(p) in place), default=-1)
            for prefix, module in model.named_modules() if first >= 0 else ():
                for held in (module._parameters, module._buffers):
                    found += [(first, f"{prefix}.{name}", held, name) for name in held]
        found.sort(key=lambda one: one[:2])
        seen: set[int] = set()
        self._tensors, header = [], []
        for where in [(path, held, name) for _, path, held, name in found] + [("", [p], 0) for p in params]:
            path, held, name = where
            tensor = held[name]
            if tensor is not None and id(tensor) not in seen:
                seen.add(id(tensor))
                self._tensors.append([held, name, *_look(tensor)])
                header.append(f"{path} {tensor.dtype} {list(tensor.shape)}")
        self._ids, self._header = frozenset(seen), "\n".join(header).encode()


def _look(tensor: Any) -> list[Any]:
    """A tensor, its address, how many numbers it has, and a view of its memory where that is in one piece."""
    plain = type(tensor) in (torch.Tensor, torch.nn.Parameter) and tensor.is_cpu and tensor.layout is torch.strided
    if not plain or not tensor.is_contiguous() or not tensor.numel():
        return [tensor, 0, -1, None]
    size, at = tensor.numel() * tensor.element_size(), tensor.data_ptr()
    return [tensor, at, tensor.numel(), memoryview((ctypes.c_char * size).from_address(at)).cast("B")]


def _again(place: list[Any], tensor: Any) -> Any:
    """The bytes of a tensor that is not where it was when it was looked at."""
    place[2:] = _look(tensor)
    return numbers(tensor).data if place[5] is None else place[5]


def models(params: set[int]) -> list[Any]:
    """The living models that hold some of these parameters (ids), without those that are part of another one."""
    modules = [thing for thing in gc.get_objects() if issubclass(type(thing), torch.nn.Module) and "_modules" in vars(thing)]
    parents: dict[int, list[Any]] = {}
    for module in modules:
        for child in module._modules.values():
            parents.setdefault(id(child), []).append(module)
    pending = [module for module in modules if any(id(p) in params for p in module._parameters.values())]
    found = {id(module): module for module in pending}
    while pending:
        for parent in parents.get(id(pending.pop()), ()):
            if id(parent) not in found:
                found[id(parent)] = parent
                pending.append(parent)
    return [module for key, module in found.items() if key not in parents]
