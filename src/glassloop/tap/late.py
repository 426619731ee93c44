"""Numbers on their way from a device to the host: gathered there, copied without waiting, read later.

The one place in the tap where the value of a tensor becomes a Python number.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch


class Late:
    """Some small tensors (0-d or 1-d, of any device) under way to the host; they may change after this is made."""

    def __init__(self, tensors: Sequence[torch.Tensor]) -> None:
        self._scalar = [t.dim() == 0 for t in tensors]
        self._counts = [1 if t.dim() == 0 else t.shape[0] for t in tensors]
        devices: dict[torch.device, list[int]] = {}
        for index, tensor in enumerate(tensors):
            devices.setdefault(tensor.device, []).append(index)
        self._parts = [(indices, *_send(device, [tensors[i] for i in indices])) for device, indices in devices.items()]

    def there(self) -> bool:
        """Whether reading would wait for nothing."""
        return all(done is None or done.query() for _, _, done in self._parts)

    def read(self) -> list[list[float]]:
        """The numbers of each tensor; waits for those that are not there yet."""
        found: list[list[float]] = [[] for _ in self._counts]
        for indices, numbers, done in self._parts:
            if done is not None:
                done.synchronize()
            flat, at = numbers.tolist(), 0
            for index in sorted(indices, key=lambda i: not self._scalar[i]):  # as `_send` laid them out
                found[index] = flat[at : at + self._counts[index]]
                at += self._counts[index]
        return found


def _send(device: torch.device, tensors: list[torch.Tensor]) -> tuple[torch.Tensor, Any]:
    """One flat tensor on the host, and an event that says when its numbers have arrived (None: they have)."""
    scalars, vectors = [t for t in tensors if t.dim() == 0], [t for t in tensors if t.dim() == 1]
    numbers = torch.cat([*([torch.stack(scalars)] if scalars else []), *vectors])
    if device.type == "cpu":
        return numbers, None
    if device.type != "cuda":  # no event to ask: waits here, once for all these steps
        return numbers.to("cpu"), None
    host = torch.empty(numbers.shape, dtype=numbers.dtype, pin_memory=True)
    host.copy_(numbers, non_blocking=True)
    done = torch.cuda.Event()  # type: ignore[no-untyped-call]
    done.record(torch.cuda.current_stream(device))
    return host, done
