"""The parameters at the ends of a graph, and what can be seen of a parameter without reading its numbers."""

from __future__ import annotations

import ctypes
import weakref
from collections.abc import Iterable, Iterator
from typing import Any, Generic, TypeVar

import torch
from torch.nn.parameter import is_lazy

T = TypeVar("T")
Trace = tuple[int, bytes]
_LARGEST = 50_000  # nodes walked; of a larger graph the ends that were found count
_FEW = 64  # bytes


def leaves(tensors: Any) -> Iterator[torch.nn.Parameter]:
    """The parameters that a backward from `tensors` reaches. A graph keeps its shape after it was walked."""
    roots = [tensors] if isinstance(tensors, torch.Tensor) else tensors if isinstance(tensors, Iterable) else []
    nodes: list[Any] = [root.grad_fn for root in roots if getattr(root, "grad_fn", None) is not None]
    seen = set(nodes)  # holds them: a node's face in Python is one object only while somebody does
    for node in nodes:
        variable = getattr(node, "variable", None)
        if type(variable) is torch.nn.Parameter:
            yield variable
        if len(nodes) > _LARGEST:
            continue
        for before, _ in node.next_functions:
            if before is not None and before not in seen:
                seen.add(before)
                nodes.append(before)


class Notes(Generic[T]):
    """What is known of some things, by identity. Keeps none alive, and a dead one's id is not taken for it."""

    def __init__(self) -> None:
        self._notes: dict[int, tuple[weakref.ref[Any], T]] = {}

    def set(self, thing: Any, note: T) -> None:
        """Notes something of a thing, in place of what was noted before."""
        key, notes = id(thing), self._notes

        def forget(dead: weakref.ref[Any]) -> None:
            if key in notes and notes[key][0] is dead:
                del notes[key]

        notes[key] = (weakref.ref(thing, forget), note)

    def get(self, thing: Any) -> T | None:
        """What was noted of a thing."""
        found = self._notes.get(id(thing))
        return found[1] if found is not None and found[0]() is thing else None

    def items(self) -> list[tuple[Any, T]]:
        """The things that are still there, with their notes."""
        return [(thing, note) for ref, note in tuple(self._notes.values()) if (thing := ref()) is not None]

    def clear(self) -> None:
        """Forgets all."""
        self._notes.clear()


def trace(param: torch.Tensor) -> Trace:
    """How often a parameter was written to, and the first bytes of it: b"" where reading them could wait for a device.

    A change through `.data` does not count in `_version`, of which the bytes tell. On an accelerator it goes unseen.
    """
    plain = type(param) in (torch.nn.Parameter, torch.Tensor) and param.layout is torch.strided
    if not plain or param.device.type != "cpu" or not param.is_contiguous():
        return param._version, b""
    size = min(_FEW, param.numel() * param.element_size())
    there = param.untyped_storage().nbytes() - param.storage_offset() * param.element_size()  # it may have been let go
    address = param.data_ptr()
    return param._version, ctypes.string_at(address, size) if address and there >= size else b""


def learnable(param: torch.Tensor) -> bool:
    """Whether a parameter wants a gradient and has elements to learn."""
    return param.requires_grad and not is_lazy(param) and param.numel() > 0
