"""Which tensors of a run moved: from its own table of parameters, and from the checkpoints that lie in the folder."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from glassloop.audit.samples import MOST_SESSIONS, read_json
from glassloop.record import ledger
from glassloop.record.reading import UnsafeError, inside, open_plain
from glassloop.record.tensors import span_digest, tensors_of

MOST_BYTES = 8 << 30  # of one checkpoint


class Parameter(NamedTuple):
    """A parameter as the run saw it first and last."""

    name: str
    trained: bool  # requires_grad
    held: bool  # by an optimizer
    moved: bool
    slight: bool = False  # it had a gradient that was more than zeros, and kept its bytes


class Kept(NamedTuple):
    """Two checkpoints of a run, and the floating-point tensors that are in both."""

    first: int  # step
    last: int
    moved: int
    still: tuple[str, ...]  # names of those with the same bytes


def table(folder: Path, homes: Sequence[str]) -> list[Parameter]:
    """The parameters by the run's own tables, one a session, whose data lie in `homes`; [] without any."""
    rows: dict[str, list[Mapping[str, Any]]] = {}
    for home in homes[:MOST_SESSIONS]:
        for name, row in _rows(read_json(folder, f"{home}/parameters.json")).items():
            rows.setdefault(name, []).append(row)
    found = []
    for name, told in rows.items():
        trained, held = (any(row.get(fact) is True for row in told) for fact in ("requires_grad", "held"))
        moved = any(type(row.get("moved")) is int for row in told)
        found.append(Parameter(name, trained, held, moved, any(row.get("grad") == "some" for row in told)))
    return found


def checkpoints(folder: Path) -> Kept | None:
    """The first and the last of the run's checkpoint folders that are at hand, compared; None where there are not two."""
    steps = kept(folder)
    if len(steps) < 2 or steps[0][0] == steps[-1][0]:
        return None
    (first, begun), (last, ended) = steps[0], steps[-1]
    before, after = dict(_tensors(folder, begun)), dict(_tensors(folder, ended))
    both = sorted(before.keys() & after.keys())
    still = tuple(name for name in both if before[name] == after[name])
    return Kept(first, last, len(both) - len(still), still) if both else None


def kept(folder: Path) -> list[tuple[int, str]]:
    """(step, name) of the checkpoint folders that lie in the run folder, the oldest first."""
    known = sorted({(row["step"], row["path"]) for row in _written(folder)})
    return [(step, path) for step, path in known if _is_there(folder, path)]


def steps(folder: Path) -> dict[int, dict[str, Any]]:
    """The loss and the gradient norm of each step, as they count in the end."""
    rows = (row for row in ledger.rows(folder / ledger.NAME) if row["row"] == "step" and type(row.get("step")) is int)
    return {row["step"]: {"loss": row.get("loss"), "grad_norm": row.get("grad_norm")} for row in rows}


def _rows(found: Any) -> dict[str, Mapping[str, Any]]:
    rows = found.get("parameters") if isinstance(found, dict) else found
    return {str(row.get("name")): row for row in (rows if isinstance(rows, list) else []) if isinstance(row, dict)}


def _written(folder: Path) -> Iterator[dict[str, Any]]:
    for row in ledger.rows(folder / ledger.NAME):
        if row["row"] == "checkpoint" and type(row.get("step")) is int and isinstance(row.get("path"), str):
            yield row


def _is_there(folder: Path, name: str) -> bool:
    try:
        path = inside(folder, name)
    except UnsafeError:  # outside of the run folder: not ours to read
        return False
    return path.is_dir()


def _tensors(folder: Path, name: str) -> Iterator[tuple[str, str]]:
    """(file and name, digest) of each floating-point tensor with elements."""
    for path in sorted(inside(folder, name).glob("*.safetensors")):
        with open_plain(inside(folder, f"{name}/{path.name}")) as file:
            yield from ((f"{path.stem}: {tensor}", digest) for tensor, digest in _file(file, path))


def _file(file: BinaryIO, path: Path) -> Iterator[tuple[str, str]]:
    header, base = tensors_of(file, path)
    for tensor, entry in header.items():
        if tensor == "__metadata__" or not str(entry.get("dtype", "")).startswith(("F", "BF")):
            continue
        start, end = entry["data_offsets"]
        if start < end <= MOST_BYTES:
            yield tensor, span_digest(file, path, base + start, end - start)
