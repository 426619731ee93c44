"""Open files of a folder that a stranger made: plain files only, inside the folder, through no link, never waiting."""

import os
import re
import stat
from pathlib import Path
from typing import BinaryIO

from glassloop.errors import UserError


class UnsafeError(UserError):
    """A name or a file that is not opened: it leads out of the folder, or is no plain file."""


class LinkError(UnsafeError):
    """A name in the folder that leads through a link."""


_NAME = re.compile(r"[^\x00-\x1f\x7f\\:]+")  # no control characters; no separators and drives of Windows
_LONGEST = 1024


def inside(folder: Path, name: str) -> Path:
    """The path of `name`, which a record states, in `folder`; nothing on the way is a link.

    Raises UnsafeError for a name that is absolute, climbs (`..`) or is no name at all, LinkError for one through a link.
    """
    parts = name.split("/")
    named = len(name) <= _LONGEST and _NAME.fullmatch(name) is not None
    if not named or name.startswith("/") or any(part in ("", ".", "..") for part in parts):
        raise UnsafeError(f"{name[:80]!r} is no name of a file inside the run folder: not opened")
    path = folder
    for part in parts:
        path = path / part
        if path.is_symlink():
            raise LinkError(f"{name} leads through a link: not followed")
    return path


def open_plain(path: Path) -> BinaryIO:
    """Open a plain file to read its bytes. A link, a pipe or a device is not opened: UnsafeError. Raises OSError, too."""
    refused = UnsafeError(f"{path} is no plain file (a link, a pipe, a folder or a device): not opened")
    if path.is_symlink():
        raise refused
    # Without O_NONBLOCK the open of a pipe would wait for a writer for ever.
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    if path.is_dir():
        raise refused
    handle = os.open(path, flags)
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise refused
    return os.fdopen(handle, "rb", buffering=1 << 16)
