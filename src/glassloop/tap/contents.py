"""What the samples of a batch are, by content: a digest a sample, of the bytes that a loader hands over.

Host memory alone is read, through numpy, so that torch runs no operation more: a tensor on an accelerator has no digest, and
neither has a batch that is not made of tensors, arrays, words and numbers. Nothing is drawn, moved or kept.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
import torch

Array = np.ndarray[Any, Any]
Row = Callable[[int], Any]  # the bytes of one sample in a column
SCALARS = (str, bytes, int, float, bool, type(None))


class Column(NamedTuple):
    """One field of a batch: how many samples, their bytes, and their numbers, if it is made of such."""

    rows: int
    row: Row
    array: Array | None = None


class UnreadableError(Exception):
    """The batch holds something whose samples cannot be told apart here."""


def columns(batch: Any, size: int | None) -> list[Column]:
    """The fields of a batch of at most `size` samples (None: of any number). Raises UnreadableError."""
    found = list(_columns(batch))
    if found and len({c.rows for c in found}) == 1 and (size is None or found[0].rows <= size):
        return found
    raise UnreadableError


def listed(batch: Any) -> list[Column]:
    """The same of a batch that is a list of samples: one field. Raises UnreadableError."""
    if not isinstance(batch, (list, tuple)) or not batch:
        raise UnreadableError
    return [Column(len(batch), lambda i: b"".join(raw(batch[i])))]


def is_listed(batch: Any, size: int | None) -> bool:
    """Whether the first batch of a loader, a full one, is a list of samples that nobody has put together."""
    try:
        together = columns(batch, size)[0].rows
    except UnreadableError:
        together = 0
    return isinstance(batch, (list, tuple)) and together != size == len(batch)


def digests(fields: list[Column]) -> list[int]:
    """A digest of 64 bits for each sample of a batch: Python's own hash of its bytes, which is quick for few."""
    rows = [field.row for field in fields]
    return [hash(tuple([bytes(row(i)) for row in rows])) for i in range(fields[0].rows)]


def size_of(batch: Any) -> int:
    """The bytes of a batch's tensors."""
    if isinstance(batch, torch.Tensor):
        return batch.numel() * batch.element_size()
    if isinstance(batch, Mapping):
        return sum(map(size_of, batch.values()))
    if isinstance(batch, (list, tuple)):
        return sum(map(size_of, batch))
    return int(getattr(batch, "nbytes", 64))


def _columns(value: Any) -> Iterator[Column]:
    if isinstance(value, torch.Tensor) or _has_numbers(value):
        if value.ndim:
            yield _of_array(numbers(value))
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from _columns(inner)
    elif isinstance(value, (list, tuple)) and value and all(isinstance(v, SCALARS) for v in value):
        yield Column(len(value), lambda i: repr(value[i]).encode())
    elif isinstance(value, (list, tuple)):
        for inner in value:
            yield from _columns(inner)
    elif not isinstance(value, SCALARS):
        raise UnreadableError


def _of_array(value: Array) -> Column:
    flat = value.data.cast("B") if value.size else memoryview(b"")
    width = len(flat) // len(value) if len(value) else 0
    if value.ndim == 2 and value.shape[1] > 1 and value.dtype.kind != "f":
        # Sequences are padded to the longest of their batch: the padding is no part of a sample.
        padding = _padding(value)
        return Column(len(value), lambda i: _without(padding, bytes(flat[i * width : (i + 1) * width])), value)
    return Column(len(value), lambda i: flat[i * width : (i + 1) * width], value)


def _padding(value: Array) -> bytes:
    """The bytes of the number that most rows of a batch end with twice; else of zero."""
    last = value[:, -1][value[:, -1] == value[:, -2]]
    numbers, often = np.unique(last, return_counts=True)
    number = numbers[often.argmax()] if len(last) else np.zeros((), value.dtype)
    return bytes(number.tobytes())


def _without(padding: bytes, row: bytes) -> bytes:
    while row.endswith(padding):
        row = row[: -len(padding)]
    return row


def numbers(value: Any) -> Array:
    """A tensor's or an array's numbers in one piece, without a copy where they are so already.

    A view of the tensor's memory, which the caller keeps alive: `Tensor.numpy()` would run an operation of torch's.
    Raises UnreadableError.
    """
    if not isinstance(value, torch.Tensor):
        return np.ascontiguousarray(value)
    kind = _KINDS.get(value.dtype)
    if value.device.type != "cpu" or value.layout is not torch.strided or kind is None:
        raise UnreadableError
    if not value.numel():
        return np.empty(tuple(value.shape), kind)
    item, strides = value.element_size(), value.stride()
    extent = item * (1 + sum((n - 1) * stride for n, stride in zip(value.shape, strides, strict=True)))
    memory = (ctypes.c_char * extent).from_address(value.data_ptr())
    return np.ascontiguousarray(
        np.ndarray(tuple(value.shape), kind, memoryview(memory).cast("B"), strides=[item * stride for stride in strides])
    )


_KINDS: dict[torch.dtype, Any] = {
    getattr(torch, name): getattr(np, name)
    for name in ("float64", "float32", "float16", "int64", "int32", "int16", "int8", "uint8", "complex64", "complex128")
} | {torch.bool: np.bool_, torch.bfloat16: np.uint16}  # of which numpy has no numbers, but bytes


def raw(value: Any) -> Iterator[bytes]:
    """The bytes of a sample or a batch, whatever it is made of. Raises UnreadableError."""
    if isinstance(value, torch.Tensor):
        yield numbers(value).tobytes()
    elif isinstance(value, SCALARS):
        yield repr(value).encode()
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from raw(inner)
    elif isinstance(value, (list, tuple)):
        for inner in value:
            yield from raw(inner)
    elif hasattr(value, "tobytes"):  # numpy's arrays and scalars, PIL's pictures
        yield value.tobytes()
    else:
        raise UnreadableError


def _has_numbers(value: Any) -> bool:
    return isinstance(value, np.ndarray) and value.dtype.kind in "biuf"


# --- whether equal samples must be copies -----------------------------------------------------------------

VALUES = 8  # different numbers in one sample
UNIQUE = 0.9  # different numbers in one place, by different samples


class Telling:
    """Whether the samples of some data vary so much that equal ones are copies of one another.

    Where a sample is a few small numbers or words, two that were drawn apart may well be equal. `add` looks at the first
    samples, `sure` answers.
    """

    ROWS, PLACES = 256, 64

    def __init__(self) -> None:
        self._heads: list[Array] = []
        self._names: set[int] = set()
        self._rows = 0
        self._varied = 0

    def add(self, fields: list[Column], names: list[int]) -> None:
        """Looks at a batch, and at the digests of its samples."""
        arrays = [f.array for f in fields if f.array is not None and (f.array.dtype.kind == "f" or f.array.ndim > 2)]
        if not arrays or self._rows >= self.ROWS:
            return
        first = {name: i for i, name in reversed(list(enumerate(names))) if name not in self._names}
        new = list(first.values())[: self.ROWS - self._rows]
        self._names.update(names)
        if not new:
            return
        head = max(arrays, key=lambda found: found.size)[new].reshape(len(new), -1)[:, :4096]
        if self._heads and head.shape[1] < self._heads[0].shape[1]:
            return
        self._rows += len(new)
        self._varied += sum(len(np.unique(row)) >= VALUES for row in head)
        width = self._heads[0].shape[1] if self._heads else min(head.shape[1], self.PLACES)
        self._heads.append(head[:, :width].copy())

    def sure(self) -> bool:
        """Whether equal samples are copies; False where that is unknown."""
        if not self._heads:
            return False
        if 2 * self._varied >= self._rows:
            return True
        places = np.concatenate(self._heads).T
        return any(len(np.unique(place)) >= UNIQUE * self._rows for place in places)


__all__ = ["Column", "Telling", "UnreadableError", "columns", "digests", "is_listed", "listed", "numbers", "raw", "size_of"]
