"""Where samples come from: the items of a dataset by where their data lies, so that two datasets can be compared.

A sample's origin is a pair of a space and a number. Rows of a tensor or an array have their address: two datasets that
were cut out of one array share the addresses of the rows that they share. Items of any other dataset have their index in it.
Only what is alive can be compared: an address is given to others once its memory is free.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch
from torch.utils.data import ConcatDataset, Subset, TensorDataset

from glassloop.tap.contents import Array, numbers

Origins = dict[str, Array]  # by space: (n, 2) of int64, number and position in the pass, ordered by number
_MEMORY, _OBJECTS = "memory", "objects"


def origins(dataset: Any, indices: Sequence[int]) -> Origins:
    """Where the items of `dataset` at `indices` come from; items of which nothing is known are left out."""
    asked = numbers_of(indices)
    parts: dict[str, list[Array]] = {}
    for space, found, positions in _origins(dataset, asked, np.arange(len(asked))):
        parts.setdefault(space, []).append(np.stack([found, positions], 1))
    return {space: _ordered(np.concatenate(found)) for space, found in parts.items()}


def common(mine: Origins, theirs: Origins) -> list[int]:
    """The positions, in my pass, of the items that are theirs, too."""
    found = [mine[space][np.isin(mine[space][:, 0], theirs[space][:, 0]), 1] for space in mine.keys() & theirs.keys()]
    return sorted(np.concatenate(found).tolist()) if found else []


def numbers_of(indices: Any) -> Array:
    """Indices of any kind as int64."""
    return np.asarray(numbers(indices) if isinstance(indices, torch.Tensor) else indices, dtype=np.int64)


def _ordered(pairs: Array) -> Array:
    """Each number once, with the position where it came first."""
    _, first = np.unique(pairs[:, 0], return_index=True)
    return pairs[first]


Part = tuple[str, Array, Array]


def _origins(dataset: Any, indices: Array, positions: Array) -> Iterator[Part]:
    if not len(indices):
        return
    if type(dataset) is Subset:
        yield from _origins(dataset.dataset, numbers_of(dataset.indices)[indices], positions)
    elif type(dataset) is ConcatDataset:
        ends = dataset.cumulative_sizes
        which = np.searchsorted(ends, indices, side="right")
        for i, part in enumerate(dataset.datasets):
            begins = ends[i - 1] if i else 0
            here = which == i
            yield from _origins(part, indices[here] - begins, positions[here])
    else:
        yield from _items(dataset, indices, positions)


def _items(dataset: Any, indices: Array, positions: Array) -> Iterator[Part]:
    indices = np.where(indices < 0, indices + len(dataset), indices)
    found = [at for rows in _rows(dataset) if (at := _addresses(rows, indices)) is not None]
    if not found:
        yield f"dataset {id(dataset)}", indices, positions
        return
    space, numbers = found[0]
    for other, more in found[1:]:  # inputs that are shared by targets of two kinds make no equal samples
        space, numbers = f"{space}, {other}", numbers * 1_000_003 ^ more
    yield space, numbers, positions


def _rows(dataset: Any) -> Iterator[Any]:
    """What a dataset may keep its items in, one row an item."""
    if type(dataset) is TensorDataset:
        yield from dataset.tensors
    elif type(dataset) in (list, tuple):
        yield dataset
    else:
        length = len(dataset)
        for value in list(getattr(dataset, "__dict__", {}).values()):
            if _is_many(value) and len(value) == length:
                yield value


def _is_many(value: Any) -> bool:
    return isinstance(value, list) or (isinstance(value, torch.Tensor) and value.ndim > 0) or _has_rows(value)


def _addresses(rows: Any, indices: Array) -> tuple[str, Array] | None:
    if isinstance(rows, torch.Tensor):
        if rows.layout is not torch.strided or not rows.ndim or not rows.stride(0):
            return None
        return f"{_MEMORY} {rows.device}", rows.data_ptr() + indices * (rows.stride(0) * rows.element_size())
    if _has_rows(rows):
        begin, step = rows.__array_interface__["data"][0], rows.strides[0]
        return (f"{_MEMORY} cpu", begin + indices * step) if step else None
    items = [rows[i] for i in indices.tolist()]
    leaves = [_leaf(item) for item in items]
    if None not in leaves and len(set(leaves)) == len(set(indices.tolist())):  # else several samples share a tensor
        return f"{_MEMORY} cpu", np.array(leaves)
    if any(isinstance(item, (str, bytes, int, float, bool, type(None))) for item in items):
        return None  # such objects may be one and the same by themselves
    return _OBJECTS, np.array([id(item) for item in items])


def _leaf(item: Any) -> int | None:
    """A number for where all tensors and arrays of a sample lie; None where it is made of anything else."""
    parts = item if isinstance(item, (tuple, list)) else (item,)
    found = [_place(part) for part in parts]
    if not any(isinstance(part, torch.Tensor) or _has_rows(part) for part in parts) or None in found:
        return None
    return hash(tuple(found)) if len(found) > 1 else found[0]


def _place(part: Any) -> int | None:
    if isinstance(part, torch.Tensor) and part.device.type == "cpu" and part.layout is torch.strided:
        return part.data_ptr() or None
    if _has_rows(part):
        return int(part.__array_interface__["data"][0])
    return hash(part) if isinstance(part, (int, float, str)) else None


def _has_rows(value: Any) -> bool:
    return isinstance(value, np.ndarray) and value.ndim > 0


__all__ = ["Origins", "common", "numbers_of", "origins"]
