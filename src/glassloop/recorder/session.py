"""Around the rows of a session: what earlier ones left in the ledger, and what the last rows say of the other files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from glassloop.errors import UserError
from glassloop.record.files import write_json
from glassloop.record.ledger import digest_of, rows
from glassloop.record.orders import NAME
from glassloop.record.tensors import content_digest, file_digest

if TYPE_CHECKING:
    from glassloop.recorder.rows import Rows

FACTS = ("command", "config", "seed", "data", "sources", "environment")  # of run.json
# Files whose digests the last row has, where they are there.
COVERED = ("curves.png", "findings.json", "history.json", "lines.json", "report.html", "pictures/*")


class Before:
    """What the earlier sessions of a ledger left."""

    def __init__(self, path: Path) -> None:
        self.run: str | None = None
        self.step = self.sessions = 0
        self._checkpoints: dict[str, tuple[int, int | None]] = {}
        for row in rows(path) if path.exists() else ():
            if row["row"] == "run":
                self.run = row.get("run")
                self.sessions += 1
            elif row["row"] == "step":
                self.step = row["step"]
            elif row["row"] == "checkpoint":
                self._checkpoints[row["digest"]] = row["step"], row.get("epoch")

    def resumed(self, read: list[Path]) -> tuple[int, Path, int | None] | None:
        """The last checkpoint of an earlier session that this one has read."""
        for path in reversed(read) if self._checkpoints else ():
            known = self._checkpoints.get(content(path) or "")
            if known is not None:
                return known[0], path, known[1]
        return None


def digests(run: dict[str, Any] | None) -> dict[str, Any]:
    """What a row says of run.json: a digest of all of it but "ledger", and one of each fact."""
    if run is None:
        return {}
    whole = {name: fact for name, fact in run.items() if name != "ledger"}
    return {"run_json": digest_of(whole), "digests": {name: digest_of(run[name]) for name in FACTS if name in run}}


def data_folder(home: Path) -> Path:
    """Where this session's digests of samples go: data/, or data/session-2/ and so on where earlier ones have written."""
    folder, number = home / "data", 1
    while folder.exists():
        number += 1
        folder = home / "data" / f"session-{number}"
    return folder


def files_told(made: Rows, home: Path) -> None:
    """A row for each file beside the ledger, as it stands."""
    if made.order.size:
        _file_told(made, home, home / NAME)
    samples_told(made, home)
    folder = made.data.folder
    if made.parameters.table:
        folder.mkdir(parents=True, exist_ok=True)
        write_json(folder / "parameters.json", made.parameters.table)
        _file_told(made, home, folder / "parameters.json")
    loaders = made.order.as_json()
    if loaders:
        path = made.data.folder / "loaders.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        write_json(path, loaders)
        _file_told(made, home, path)


def samples_told(made: Rows, home: Path) -> None:
    """A row for each file of samples that has grown since its last one."""
    for number, path in made.data.grown():
        _file_told(made, home, path, loader=number)


def _file_told(made: Rows, home: Path, path: Path, **more: Any) -> None:
    lines = {"rows": path.read_bytes().count(b"\n")} if path.suffix == ".jsonl" else {}
    digest, size = file_digest(path)
    made.append("data", **more, **lines, file=path.relative_to(home).as_posix(), bytes=size, digest=digest)


def covered(home: Path) -> dict[str, str]:
    """The digests of those of the other files that are there, by name."""
    found = sorted(path for pattern in COVERED for path in home.glob(pattern) if path.is_file() and not path.is_symlink())
    return {path.relative_to(home).as_posix(): file_digest(path)[0] for path in found}


def content(path: Path) -> str | None:
    """The digest of what a checkpoint holds; None where it cannot be read."""
    try:
        return content_digest(path)
    except (OSError, UserError):
        return None
