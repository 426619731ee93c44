"""Numbers on their way from a device to the host: gathered there, copied without waiting, read later.

The one place in the tap where the value of a tensor becomes a Python number.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch


class Group:
    """The tensors of one device: numbers by themselves and rows of them, each with its place among all."""

    __slots__ = ("rows", "scalars", "where", "which")

    def __init__(self) -> None:
        self.scalars: list[torch.Tensor] = []
        self.where: list[int] = []  # of the scalars
        self.rows: list[torch.Tensor] = []
        self.which: list[int] = []  # of the rows


class Late:
    """Some small tensors (0-d or 1-d, of any device) under way to the host; they may change after this is made."""

    def __init__(self, tensors: Sequence[torch.Tensor]) -> None:
        self._count = len(tensors)
        groups: dict[torch.device, Group] = {}
        for index, tensor in enumerate(tensors):
            device = tensor.device
            group = groups.get(device)
            if group is None:
                group = groups[device] = Group()
            if tensor.dim() == 0:
                group.scalars.append(tensor)
                group.where.append(index)
            else:
                group.rows.append(tensor)
                group.which.append(index)
        self._parts = [
            (group.where, [(i, row.shape[0]) for i, row in zip(group.which, group.rows, strict=True)], *_send(device, group))
            for device, group in groups.items()
        ]

    def there(self) -> bool:
        """Whether reading would wait for nothing."""
        return all(done is None or done.query() for *_, done in self._parts)

    def read(self) -> list[list[float]]:
        """The numbers of each tensor; waits for those that are not there yet."""
        found: list[list[float]] = [[]] * self._count
        for scalars, rows, numbers, done in self._parts:
            if done is not None:
                done.synchronize()
            flat = numbers.tolist()
            for index, value in zip(scalars, flat):  # noqa: B905  the rows follow
                found[index] = [value]
            at = len(scalars)
            for index, count in rows:
                found[index] = flat[at : at + count]
                at += count
        return found


def _send(device: torch.device, group: Group) -> tuple[torch.Tensor, Any]:
    """One flat tensor on the host, and an event that says when its numbers have arrived (None: they have)."""
    first = [torch.stack(group.scalars)] if group.scalars else []
    numbers = torch.cat([*first, *group.rows]) if group.rows else first[0]
    if device.type == "cpu":
        return numbers, None
    if device.type != "cuda":  # no event to ask: waits here, once for all these steps
        return numbers.to("cpu"), None
    host = torch.empty(numbers.shape, dtype=numbers.dtype, pin_memory=True)
    host.copy_(numbers, non_blocking=True)
    done = torch.cuda.Event()  # type: ignore[no-untyped-call]
    done.record(torch.cuda.current_stream(device))
    return host, done
