"""data/: a digest of each sample when it is first seen, as its loader hands it over, within a budget.

    data/loader-0.jsonl   {"i": 17, "d": "<32 hex of blake2b over its bytes>", "y": 3}   a line a sample, by first sight
    data/loaders.json     what each loader is, how much was seen and digested, and why that stopped

`y` is there where the last field of a batch is one integer a sample; `d` is then of the other fields, so that a copy under
another label is a copy. Only host memory is read; nothing is drawn, moved or kept. The first samples are digested once more
in a later pass, which tells whether the same index gives the same bytes again.
"""

from __future__ import annotations

import os
from array import array
from collections.abc import Sequence
from hashlib import blake2b, sha256
from pathlib import Path
from typing import Any

from torch.utils.data import BatchSampler, RandomSampler, SequentialSampler, WeightedRandomSampler

from glassloop.tap.contents import Column, columns, is_listed, listed, raw, size_of

SAMPLES, BYTES = 1 << 18, 256 << 20  # of one loader that are digested with "seen"
BYTES_IN_ALL = 1 << 30
LOADERS = 64
AGAIN = 64  # samples that are digested a second time


class Samples:
    """The samples of one loader."""

    def __init__(self, data: Data, path: Path, loader: Any) -> None:
        self._data, self.path = data, path
        self._file: int | None = None
        self._size: int | None = getattr(loader, "batch_size", None)
        self._seen: set[int] = set()
        self._first: dict[int, bytes] = {}  # the digests of the first samples, for a second look
        self._listed: bool | None = None
        self._passes = 0
        self.length = _length(loader)
        self.digested = self.told = self.bytes = self.again = self.changed = 0
        self.stopped: str | None = None

    @property
    def open(self) -> bool:
        """Whether there may be more to look at."""
        return self.stopped is None and (len(self._seen) != self.length or self.again < len(self._first))

    def pass_ended(self) -> None:
        """A pass has run dry."""
        self._passes += 1

    def saw(self, indices: array[int], batch: Any, index: Any) -> None:
        """A batch was handed over: these items of the dataset."""
        again = bool(self._passes) and self.again < len(self._first)
        if not again and self._seen.issuperset(indices):
            return
        places = [place for place, one in enumerate(indices) if one not in self._seen or (again and one in self._first)]
        if not places:
            return
        try:
            fields, labels = self._fields(batch, indices, index)
        except Exception as error:  # a batch of another kind, on a device, or one that raises what it likes
            self.stop(f"the samples of a batch of {type(batch).__name__} cannot be told apart ({type(error).__name__})")
            return
        lines = []
        for place in places:
            found = _digest(fields, place)
            one = indices[place]
            if one in self._seen:
                self._look_again(one, found)
                continue
            self._seen.add(one)
            if len(self._first) < AGAIN:
                self._first[one] = found
            lines.append(_line(one, found, None if labels is None else labels[place]))
        self._write(lines, size_of(batch) * len(places) // max(len(indices), 1))

    def stream(self, batch: Any) -> None:
        """A batch of a stream was handed over: its samples are numbered as they come, in the first pass."""
        if self._passes or self.stopped is not None:
            return
        try:
            fields, labels = _labelled(columns(batch, None))
        except Exception as error:
            self.stop(f"the samples of a batch of {type(batch).__name__} cannot be told apart ({type(error).__name__})")
            return
        here = range(fields[0].rows)
        lines = [_line(self.digested + i, _digest(fields, i), None if labels is None else labels[i]) for i in here]
        self._write(lines, size_of(batch))

    def stop(self, why: str) -> None:
        """Looks at no more."""
        self.stopped = why

    def close(self) -> None:
        """Syncs the file and lets go of it."""
        if self._file is not None:
            file, self._file = self._file, None
            os.fsync(file)
            os.close(file)

    def _fields(self, batch: Any, indices: array[int], index: Any) -> tuple[list[Column], list[int] | None]:
        if type(index) is int:  # the batch is the sample
            return [Column(1, lambda _: b"".join(raw(batch)))], None
        if self._listed is None:
            self._listed = is_listed(batch, self._size)
        if self._listed:
            fields, labels = listed(batch), None
        else:
            fields, labels = _labelled(columns(batch, None))
        if fields[0].rows != len(indices):
            raise ValueError
        return fields, labels

    def _look_again(self, index: int, found: bytes) -> None:
        before = self._first.get(index)
        if before is not None and self.again < len(self._first):
            self.again += 1
            self.changed += before != found

    def _write(self, lines: list[str], size: int) -> None:
        if not lines:
            return
        if self._file is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
            self._file = os.open(self.path, flags | os.O_TRUNC, 0o666)
        text = "".join(lines).encode()
        os.write(self._file, text)
        self.digested += len(lines)
        self.bytes += size
        self._data.spent(self, size)


class Data:
    """The samples of all loaders. `mode`: "seen" within the budget, "full" without one, "none"."""

    def __init__(self, folder: Path, mode: str) -> None:
        self.folder, self._mode = folder, mode
        self._loaders: dict[int, tuple[dict[str, Any], Samples | None]] = {}
        self._bytes = self._streamed = 0

    def met(self, number: int, loader: Any) -> Samples | None:
        """A loader hands over its first batch."""
        wanted = self._mode != "none" and number < LOADERS
        samples = Samples(self, self.folder / f"loader-{number}.jsonl", loader) if wanted else None
        self._loaders[number] = _about(number, loader), samples
        return samples

    def stream(self, samples: Samples | None, batch: Any, nth: int) -> tuple[int, str | None]:
        """How many samples a batch without indices has, and a digest of it, within the budget."""
        try:
            count = columns(batch, None)[0].rows
        except Exception:
            count = len(batch) if isinstance(batch, list) else 1
        if samples is not None:
            samples.stream(batch)
        if self._mode == "none" or (self._mode == "seen" and self._streamed >= BYTES):
            return count, None
        digest = sha256()
        try:
            for part in raw(batch):
                digest.update(part)
                self._streamed += len(part)
        except Exception:  # on a device, or of a kind that cannot be read
            return count, None
        return count, digest.hexdigest()[:32]

    def spent(self, samples: Samples, size: int) -> None:
        """Samples were digested: is there any budget left?"""
        self._bytes += size
        if self._mode == "full":
            return
        if samples.digested >= SAMPLES:
            samples.stop(f"the budget of {SAMPLES} samples is spent (--data-digest full has none)")
        elif samples.bytes >= BYTES or self._bytes >= BYTES_IN_ALL:
            limit = BYTES if samples.bytes >= BYTES else BYTES_IN_ALL
            samples.stop(f"the budget of {limit >> 20} MiB is spent (--data-digest full has none)")

    def about(self, number: int, split: str) -> dict[str, Any]:
        """What data/loaders.json says of a loader."""
        about, samples = self._loaders[number]
        if samples is None:
            why = "--data-digest none" if self._mode == "none" else f"only the first {LOADERS} loaders are looked at"
            return {**about, "split": split, "seen": None, "digested": 0, "stopped": why, "again": 0, "changed": 0}
        found = {"digested": samples.digested, "stopped": samples.stopped, "again": samples.again}
        return {**about, "split": split, "seen": len(samples._seen), **found, "changed": samples.changed}

    def grown(self) -> list[tuple[int, Path]]:
        """The files that have grown since this was last asked, with the numbers of their loaders."""
        found = []
        for number, (_, one) in self._loaders.items():
            if one is not None and one.digested != one.told:
                one.told = one.digested
                found.append((number, one.path))
        return found

    def close(self) -> None:
        """Lets go of all files."""
        for _, samples in self._loaders.values():
            if samples is not None:
                samples.close()


def _labelled(fields: list[Column]) -> tuple[list[Column], list[int] | None]:
    """The fields without the last where that is one integer a sample; and those integers."""
    last = fields[-1].array
    if len(fields) < 2 or last is None or last.dtype.kind not in "iub" or last.size != len(last):
        return fields, None
    return fields[:-1], [int(one) for one in last.reshape(-1).tolist()]


def _digest(fields: Sequence[Column], place: int) -> bytes:
    return blake2b(b"".join([bytes(field.row(place)) for field in fields]), digest_size=16).digest()


def _line(index: int, found: bytes, label: int | None) -> str:
    tail = "" if label is None else f',"y":{label}'
    return f'{{"i":{index},"d":"{found.hex()}"{tail}}}\n'


def _about(number: int, loader: Any) -> dict[str, Any]:
    """What can be told of a loader without running code of the user's."""
    batches = getattr(loader, "batch_sampler", None)
    plain = type(batches) is BatchSampler
    sampler = (batches.sampler if plain else batches) if batches is not None else getattr(loader, "sampler", None)
    drawn = type(sampler) in (RandomSampler, WeightedRandomSampler)
    kit = type(batches).__module__ == "glassloop.kit.data"
    shuffles = {RandomSampler: True, SequentialSampler: False}.get(type(sampler), getattr(batches, "shuffle", None))
    found: dict[str, Any] = {
        "loader": number,
        "dataset": type(getattr(loader, "dataset", None)).__name__,
        "length": _length(loader),
        "batch_size": getattr(batches, "batch_size", None) if kit else getattr(loader, "batch_size", None),
        "sampler": type(sampler).__name__,
        "replacement": bool(getattr(sampler, "replacement", False)) if drawn else None,
        "shuffle": shuffles if isinstance(shuffles, bool) else None,
        "drop_last": bool(getattr(loader, "drop_last", False)),
        "workers": getattr(loader, "num_workers", 0),
        "kit": kit,
    }
    if kit and batches is not None:
        found |= {"seed": batches.seed, "replacement": False}
        if batches.world > 1:  # of several processes: this one sees a part of each batch
            found |= {"rank": batches.rank, "world": batches.world}
    classes = getattr(getattr(loader, "dataset", None), "__dict__", {}).get("classes")
    if isinstance(classes, (list, tuple)) and len(classes) <= 1000 and all(isinstance(one, str) for one in classes):
        found["classes"] = list(classes)
    return found


def _length(loader: Any) -> int | None:
    try:
        return len(loader.dataset)
    except Exception:  # a stream has none
        return None
