"""What a record knows of the samples: data/loaders.json and a line a sample in data/loader-N.jsonl, read within bounds.

A later session of a run has its own in data/session-S/; the ledger's rows name the files.
"""

from __future__ import annotations

import json
from array import array
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from glassloop.errors import UserError
from glassloop.record.reading import inside, open_plain

MOST = 5_000_000  # samples of one loader that are read; an audit of more says so
LINE = 4096  # bytes
MOST_SESSIONS, MOST_LOADERS = 1000, 256
JSON_BYTES = 64 << 20

TRAIN = "train"

Key = tuple[int, int]  # a loader: its session, from 1, and its number there


@dataclass(frozen=True)
class Loader:
    """A loader of the run, as the record describes it. What was not recorded is None."""

    session: int
    number: int
    about: Mapping[str, Any]

    @property
    def key(self) -> Key:
        """Which loader it is."""
        return self.session, self.number

    @property
    def split(self) -> str:
        """"train" where steps were taken on its batches."""
        return str(self.about.get("split") or "unknown")

    @property
    def sampler(self) -> str:
        """The name of the sampler's class; "" where there is none or it is not known."""
        return str(self.about.get("sampler") or "")

    def number_of(self, name: str) -> int | None:
        """A whole number of the description: its length, its batch size."""
        value = self.about.get(name)
        return value if isinstance(value, int) and not isinstance(value, bool) else None

    def __str__(self) -> str:
        session = f" of session {self.session}" if self.session > 1 else ""
        return f"loader {self.number}{session} ({self.split})"


@dataclass
class Samples:
    """The samples of one loader: place i of the arrays is the i-th that was seen."""

    index: array[int] = field(default_factory=lambda: array("q"))
    digest: list[bytes] = field(default_factory=list)
    label: dict[int, int] = field(default_factory=dict)  # by index; only of those that have one
    cut: bool = False  # there are more than are read

    def __len__(self) -> int:
        return len(self.index)

    def classes(self) -> Counter[int]:
        """How many samples have each label."""
        return Counter(self.label.values())


def read_json(folder: Path, name: str) -> Any:
    """The value in a JSON file of the folder, None where there is no such file. Raises UserError for what is none."""
    path = inside(folder, name)
    if not path.exists():
        return None
    try:
        with open_plain(path) as file:
            text = file.read(JSON_BYTES + 1)
        if len(text) > JSON_BYTES:
            raise ValueError(f"it is larger than {JSON_BYTES >> 20} MiB")
        return json.loads(text)
    except (OSError, ValueError, RecursionError) as error:
        why = f"{type(error).__name__}: {str(error)[:200]}"
        raise UserError(f"{path} cannot be read ({why}); is it the run's own?") from None


def loaders(folder: Path, homes: Sequence[str]) -> tuple[Loader, ...]:
    """The loaders of all sessions of a run, whose data lie in `homes`; () where none was recorded. Raises UserError."""
    made = []
    for session, home in enumerate(homes[:MOST_SESSIONS], 1):
        found = read_json(folder, f"{home}/loaders.json")
        rows = found.get("loaders") if isinstance(found, dict) else found
        for place, row in enumerate(rows[:MOST_LOADERS] if isinstance(rows, list) else []):
            if isinstance(row, dict):
                number = row.get("loader")
                made.append(Loader(session, number if type(number) is int else place, row))
    return tuple(made)


def samples(folder: Path, home: str, number: int) -> Samples:
    """The samples of a loader. Raises UserError, naming the line, where the file is no such list."""
    path = inside(folder, f"{home}/loader-{number}.jsonl")
    found = Samples()
    if not path.exists():
        return found
    for at, line in enumerate(_lines(path), 1):
        if len(found) >= MOST:
            found.cut = True
            break
        try:
            row = json.loads(line)
            index, label, digest = row["i"], row.get("y"), bytes.fromhex(row["d"])
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise UserError(f"{path}, line {at} is no sample ({type(error).__name__}); is it the run's own?") from None
        if type(index) is not int or abs(index) >= 2**63:
            raise UserError(f"{path}, line {at}: {str(index)[:40]} is no index; is it the run's own?")
        found.index.append(index)
        found.digest.append(digest)
        if type(label) is int:
            found.label[index] = label
    return found


def _lines(path: Path) -> Iterator[bytes]:
    with open_plain(path) as file:
        while line := file.readline(LINE + 1):
            if len(line) > LINE:
                raise UserError(f"{path} holds a line of more than {LINE} bytes, which no sample has; is it the run's own?")
            if line.endswith(b"\n"):  # a kill may have torn the last
                yield line
