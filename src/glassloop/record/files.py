"""Writes that survive a crash: a reader sees the old bytes or the new ones, never a mixture."""

import json
import os
from pathlib import Path
from typing import Any


def fsync_folder(folder: Path) -> None:
    """Make a rename inside `folder` durable: POSIX promises that only once the directory itself is synced."""
    if os.name == "nt":  # Windows cannot open a directory, and its renames are journalled
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_atomic(path: Path, data: bytes | str) -> None:
    """Replace the file at `path` with `data` (text as UTF-8), whole or not at all.

    Raises OSError (disk full, read-only folder); the file that was there is then untouched.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with open(temporary, "wb") as file:
            file.write(data.encode() if isinstance(data, str) else data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
    fsync_folder(path.parent)


def write_json(path: Path, value: Any) -> None:
    """Write `value` as indented JSON, atomically. NaN and infinity are refused (ValueError): jq cannot read them."""
    write_atomic(path, json.dumps(value, indent=2, allow_nan=False) + "\n")
