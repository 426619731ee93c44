"""order.bin: which samples were handed over, batch by batch, and whether they are those that the rows vouch for.

A record is a batch: loader and count as little-endian u4, then count indices as little-endian i8; of count 0 where a pass
begins. A row's `order` is the first 16 hex digits of sha256 over the `batches` records since the row before that had one.
"""

import functools
import os
import struct
from collections.abc import Callable, Iterable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO, NamedTuple

from glassloop.errors import UserError
from glassloop.record.hashing import FEW, small_sha256
from glassloop.record.reading import inside, open_plain

NAME = "order.bin"
NAMED = 16  # hex digits of a row's `order`

HEAD = struct.Struct("<II")  # what a record begins with: loader, count
_CHUNK = 1 << 20


class Record(NamedTuple):
    """A batch: the number of its loader in this session, and the bytes of its indices (little-endian int64)."""

    loader: int
    indices: bytes


class EndedError(UserError):
    """The file ends before the records that are asked for do."""


@functools.lru_cache(maxsize=256)
def packer(count: int) -> Callable[..., bytes]:
    """What makes a record of a loader's number, `count`, and so many integers. It raises struct.error for what is none."""
    return struct.Struct(f"<II{count}q").pack


def order_of(records: Iterable[Record]) -> str:
    """What a row that covers these records calls their order."""
    parts = [HEAD.pack(record.loader, len(record.indices) // 8) + record.indices for record in records]
    return name_of(b"".join(parts))


def name_of(records: bytes) -> str:
    """What a row calls these records' order."""
    return (sha256 if len(records) > FEW else small_sha256)(records).hexdigest()[:NAMED]


class OrderFile:
    """The order of a run, read forward, a chunk at a time. Raises UnsafeError or OSError where it cannot be opened."""

    def __init__(self, run: Path) -> None:
        self._file: BinaryIO = open_plain(inside(run, NAME))
        self.size = os.fstat(self._file.fileno()).st_size
        self.at = 0  # byte of the record that comes next

    def seek(self, at: int) -> None:
        """Go to the record at this byte. Raises EndedError for one beyond the end."""
        if not 0 <= at <= self.size:
            raise EndedError(f"it has {self.size} bytes, and a session is said to begin at byte {at}")
        if at != self.at:
            self._file.seek(at)
            self.at = at

    def digest(self, batches: int) -> str:
        """The `order` of the next `batches` records. Raises EndedError."""
        found = sha256()
        for _ in range(batches):
            head, count = self._head()
            left = 8 * count
            found.update(head + self._file.read(min(left, _CHUNK)))
            for start in range(_CHUNK, left, _CHUNK):
                found.update(self._file.read(min(left - start, _CHUNK)))
            self.at += 8 + left
        return found.hexdigest()[:NAMED]

    def records(self, end: int | None = None) -> Iterator[Record]:
        """Every whole record from here on (up to byte `end`); a torn one at the end of the file is left out."""
        while self.at < (self.size if end is None else end):
            try:
                head, count = self._head()
            except EndedError:
                return
            self.at += 8 + 8 * count
            yield Record(HEAD.unpack(head)[0], self._file.read(8 * count))

    def end(self) -> int:
        """The byte at which the last whole record ends: where a kill tore one, before it. Nothing is read but heads."""
        while self.at < self.size:
            try:
                _, count = self._head()
            except EndedError:
                break
            self.seek(self.at + 8 + 8 * count)
        return self.at

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _head(self) -> tuple[bytes, int]:
        head = self._file.read(8)
        if len(head) < 8:
            raise EndedError(f"it ends at byte {self.size}, and a record should begin at byte {self.at}")
        count: int = HEAD.unpack(head)[1]
        if 8 * count > self.size - self.at - 8:  # nothing is read, or kept, on the word of a count
            raise EndedError(f"it ends at byte {self.size}, and the record at byte {self.at} says it has {count} indices")
        return head, count
