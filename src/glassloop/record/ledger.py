"""ledger.jsonl: what happened in a run, a row a line, each line carrying the sha256 of the line before it.

A changed, missing, repeated or moved row is told by the row after it; the last line's own digest, the head, stands in
run.json and in the attestation. A row is one write, so that a kill tears at most the last line.

    {"row":"step","n":7,"step":6,...,"prev":"<sha256 of line 6, without its newline>"}
"""

import errno
import json
import math
import os
import stat
from collections.abc import Iterator, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any, BinaryIO

from glassloop.errors import UserError
from glassloop.record.hashing import FEW, small_sha256
from glassloop.record.reading import UnsafeError, open_plain

FORMAT = "glassloop-ledger/1"
NAME = "ledger.jsonl"
START = "0" * 64  # `prev` of the first row
LONGEST = 1 << 20  # bytes of a line: who reads a ledger never holds more

_TORN_KEPT = 4096  # bytes of a torn line that its note keeps


class LedgerError(UserError):
    """A ledger that cannot be read on: the message names the file, the line and what is wrong there."""


class Ledger:
    """A ledger, open to append to. What a kill tore is cut off when it is opened, and a note row says what it was.

    `rows` is how many there are, `head` the digest of the last line (64 zeros where there is none). Not for several threads
    or processes at once: a second process is refused. Raises LedgerError for a file that is no ledger, OSError where it
    cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        # Not opened as a device, nor through a link that somebody put there.
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
        self._file = os.open(path, flags | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0), 0o666)
        self._process = os.getpid()
        try:
            if not stat.S_ISREG(os.fstat(self._file).st_mode):
                raise LedgerError(f"{path} is no plain file; give another run folder")
            _lock(self._file, path)
            size, self.rows, self.head = _end(self._file, path)
            torn = _cut(self._file, size)
        except BaseException:
            os.close(self._file)
            raise
        if torn:
            text = f"the last line was torn, as a kill leaves it: {len(torn)} bytes were cut off"
            kept = torn[:_TORN_KEPT].decode("utf-8", "replace")
            self.append("note", text=text, torn=kept, torn_digest=sha256(torn).hexdigest())

    def append(self, kind: str, **fields: Any) -> int:
        """Write a row of this kind with these fields (plain JSON values) and return its number, from 0.

        Numbers that are not finite become the strings "nan", "inf", "-inf". Raises ValueError for a row that is too long.
        """
        return self.append_line(kind, text_of(fields))

    def append_line(self, kind: str, text: str) -> int:
        """As `append`, with the fields as JSON text without its braces: '"step":1,"epoch":0'. The quick way, unchecked.

        A row that does not fit on the disk is taken back whole, and OSError is raised: the ledger stays good.
        """
        number = self.rows
        line = f'{{"row":"{kind}","n":{number},{text}{"," if text else ""}"prev":"{self.head}"}}'.encode()
        size = len(line)
        if size <= FEW:
            digest = small_sha256(line)
        elif size <= LONGEST:
            digest = sha256(line)
        else:
            raise ValueError(f"a {kind} row of {size} bytes is longer than {LONGEST}: a ledger holds no data")
        head = digest.hexdigest()
        written = os.write(self._file, line + b"\n")
        if written <= size:
            self._finish(line, written)
        self.head, self.rows = head, number + 1
        return number

    def _finish(self, line: bytes, written: int) -> None:
        """Write what is left of a line that was written in part, or take back that part."""
        before = os.fstat(self._file).st_size - written
        rest = (line + b"\n")[written:]
        try:
            while rest:
                count = os.write(self._file, rest)
                if not count:
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self.path))
                rest = rest[count:]
        except OSError:
            os.ftruncate(self._file, before)
            raise

    def sync(self) -> None:
        """Wait until what was written is on the disk: at checkpoints, and at the end."""
        os.fsync(self._file)

    def close(self) -> None:
        """Sync and let go of the file; in a fork, only let go. A second call does nothing."""
        if self._file < 0:
            return
        file, self._file = self._file, -1
        try:
            if os.getpid() == self._process:
                os.fsync(file)
        finally:
            os.close(file)


def text_of(fields: Mapping[str, Any]) -> str:
    """The fields as a row holds them: compact JSON without the braces around it."""
    try:
        text = json.dumps(fields, separators=(",", ":"), allow_nan=False)
    except ValueError:
        text = json.dumps(_finite(fields), separators=(",", ":"), allow_nan=False)
    return text[1:-1]


def digest_of(value: Any) -> str:
    """Hex sha256 of a plain JSON value as compact text with sorted keys: `jq -cSja` prints the same. Raises ValueError."""
    return sha256(json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()).hexdigest()


def rows(path: Path) -> Iterator[dict[str, Any]]:
    """Each whole row of a ledger, one at a time; a torn last line is left out. Says nothing of whether the chain holds.

    Raises LedgerError where the file cannot be read, or where a line is no row: the rows before it have been given then.
    """
    for number, line in enumerate(lines(path)):
        if line.endswith(b"\n"):
            try:
                yield parse(line[:-1])
            except ValueError as error:
                raise LedgerError(f"{path}, line {number + 1}: {error}; `glassloop verify` says what still holds") from None


def lines(path: Path) -> Iterator[bytes]:
    """Each line of a ledger with its newline, which only a torn last line lacks. Raises LedgerError for one too long."""
    try:
        with open_plain(path) as file:
            yield from _bounded(file, path)
    except OSError as error:
        raise LedgerError(f"{path} cannot be read ({error.strerror or error})") from None
    except UnsafeError as error:
        raise LedgerError(str(error)) from None


def parse(line: bytes) -> dict[str, Any]:
    """The row in a line without its newline. Raises ValueError, saying in a few words what is wrong."""
    try:
        text = line.decode("utf-8")
        row, end = _DECODER.raw_decode(text)  # not decode(), which looks for white space that no row has
    except UnicodeDecodeError:
        raise ValueError("it is not UTF-8 text") from None
    except json.JSONDecodeError as error:
        raise ValueError(f"it is no JSON ({error.msg} at character {error.pos + 1})") from None
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    if type(row) is not dict or end != len(text):
        raise ValueError("it is no JSON object, or more than one")
    if type(row.get("row")) is not str or type(row.get("n")) is not int or type(row.get("prev")) is not str:
        raise ValueError('it is no row: "row", "n" or "prev" is missing')
    return row


def _not_a_number(word: str) -> Any:
    raise ValueError(f"{word} is no JSON number")


_DECODER = json.JSONDecoder(parse_constant=_not_a_number)


def _bounded(file: BinaryIO, path: Path) -> Iterator[bytes]:
    number = 0
    while line := file.readline(LONGEST + 1):
        number += 1
        if len(line) > LONGEST and not line.endswith(b"\n"):
            raise LedgerError(f"{path}, line {number}: it is longer than {LONGEST} bytes, which no row is")
        yield line


def _finite(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, Mapping):
        return {key: _finite(item) for key, item in value.items()}
    return [_finite(item) for item in value] if isinstance(value, (list, tuple)) else value


def _end(file: int, path: Path) -> tuple[int, int, str]:
    """Where the last whole line of a ledger ends, in bytes; how many rows there are; and the digest of the last."""
    start = max(0, os.fstat(file).st_size - 2 * LONGEST)  # a whole line and a torn one
    os.lseek(file, start, os.SEEK_SET)
    tail = os.read(file, 2 * LONGEST)
    end = tail.rfind(b"\n") + 1
    if not end:
        if start:
            raise LedgerError(f"{path} is no ledger: its last line is longer than {LONGEST} bytes; move it away")
        return 0, 0, START
    line = tail[tail.rfind(b"\n", 0, end - 1) + 1 : end - 1]
    try:
        row = parse(line)
    except ValueError as error:
        raise LedgerError(f"{path} cannot be gone on with: of its last line, {error}; give another run folder") from None
    return start + end, row["n"] + 1, sha256(line).hexdigest()


def _cut(file: int, size: int) -> bytes:
    """Cut the file to `size` bytes and return what stood behind."""
    length = os.fstat(file).st_size - size
    if not length:
        return b""
    os.lseek(file, size, os.SEEK_SET)
    torn = os.read(file, length)
    os.ftruncate(file, size)
    return torn


def _lock(file: int, path: Path) -> None:
    """Refuse a second process. A lock of the process, so that workers that outlive a killed run do not hold it; it ends with
    the first descriptor of this file that the process closes, so it guards a start, not a whole run in which it is read."""
    try:
        import fcntl
    except ImportError:  # Windows
        return
    try:
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in (errno.EACCES, errno.EAGAIN):
            raise LedgerError(f"{path} is being written by another process; give another run folder") from None
