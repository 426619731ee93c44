"""Digests of checkpoints: of what they hold, read without torch and without unpickling anything.

The contents of a file are
- .safetensors: the header's metadata, and of each tensor its name, type, shape and bytes;
- what torch.save wrote (a zip): each member's name without the archive's own name, which is that of the file, and bytes;
- anything else: its bytes.
Those of a folder are those of its files by name.
"""

import json
import os
import stat
import struct
import zipfile
from hashlib import sha256
from pathlib import Path
from typing import Any, BinaryIO

from glassloop.errors import UserError
from glassloop.record.reading import UnsafeError, inside, open_plain

_CHUNK = 1 << 20
_HEADER = 100 << 20  # safetensors' own limit
_DIRECTORY = 64 << 20  # of a zip: about a million members
_MOST_FILES = 10_000
_DEEPEST = 32  # folders within folders


class ContentError(UserError):
    """A file that is damaged or made to harm: the message says which and why."""


def fields_of(path: Path) -> dict[str, Any]:
    """What a checkpoint's row says of it: "digest" of its contents, "sha256" and "bytes" of its files as they lie.

    For a file sha256 is what `sha256sum` prints; for a folder that of the lines it prints for the files, sorted by name.
    Raises ContentError, UnsafeError or OSError.
    """
    found, size = file_digest(path)
    return {"digest": content_digest(path), "sha256": found, "bytes": size}


def content_digest(path: Path) -> str:
    """Hex sha256 of what a file or folder holds: the same contents give the same digest whatever the file is called."""
    if not path.is_dir() or path.is_symlink():
        return _content(path)
    listed = "".join(f"{_content(inside(path, name))}  {name}\n" for name in names_in(path))
    return sha256(listed.encode()).hexdigest()


def file_digest(path: Path) -> tuple[str, int]:
    """Hex sha256 of the bytes of a file, or of a folder's list of them, and how many bytes there are."""
    if not path.is_dir() or path.is_symlink():
        with open_plain(path) as file:
            return _bytes_digest(file, path)
    listed, size = "", 0
    for name in names_in(path):
        part = inside(path, name)
        with open_plain(part) as file:
            found, length = _bytes_digest(file, part)
        listed, size = f"{listed}{found}  {name}\n", size + length
    return sha256(listed.encode()).hexdigest(), size


def names_in(folder: Path, *, links: bool = True) -> list[str]:
    """The files below a folder, by their path from it, sorted by bytes.

    Raises UnsafeError for a pipe, a device, or a link (`links` False: it is left out), ContentError for far too many files.
    """
    names: list[str] = []
    for at, folders, files in os.walk(folder):
        for name in (*folders, *files):
            path = Path(at) / name
            mode = path.lstat().st_mode
            if stat.S_ISREG(mode):
                names.append(path.relative_to(folder).as_posix())
            elif not stat.S_ISDIR(mode) and (links or not stat.S_ISLNK(mode)):
                raise UnsafeError(f"{path} is a link or no plain file: not read")
        if len(names) + len(folders) > _MOST_FILES or at.count(os.sep) - str(folder).count(os.sep) > _DEEPEST:
            raise ContentError(f"{folder} holds more than {_MOST_FILES} files, or far too deep folders: not read")
    return sorted(names, key=os.fsencode)


def _content(path: Path) -> str:
    with open_plain(path) as file:
        start = file.read(4)
        file.seek(0)
        if path.suffix == ".safetensors":
            return _safetensors(file, path)
        if start == b"PK\x03\x04" and _is_torch_zip(file):
            return _zip(file, path)
        return _bytes_digest(file, path)[0]


def _bytes_digest(file: BinaryIO, path: Path) -> tuple[str, int]:
    """Of the bytes from the start to the end. A file that is nearly all holes would be read for hours: ContentError."""
    state = os.fstat(file.fileno())
    held = getattr(state, "st_blocks", None)
    if held is not None and state.st_size > 1 << 30 and held * 512 * 1000 < state.st_size:
        raise ContentError(f"{path} says it has {state.st_size} bytes and holds {held * 512}: not read")
    file.seek(0)
    digest, size = sha256(), 0
    while chunk := file.read(_CHUNK):
        digest.update(chunk)
        size += len(chunk)
    return digest.hexdigest(), size


def span_digest(file: BinaryIO, path: Path, start: int, length: int) -> str:
    """Hex sha256 of `length` bytes from `start`. Raises ContentError where the file ends before."""
    file.seek(start)
    digest = sha256()
    while length:
        chunk = file.read(min(_CHUNK, length))
        if not chunk:
            raise ContentError(f"{path} ends too early: it was cut")
        digest.update(chunk)
        length -= len(chunk)
    return digest.hexdigest()


def tensors_of(file: BinaryIO, path: Path) -> tuple[dict[str, Any], int]:
    """The header of a safetensors file (by name: dtype, shape, data_offsets; `__metadata__`) and where the data begins.

    Raises ContentError where it is not as the format wants it: tensors in a row without gaps that fill the file.
    """
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    first = file.read(8)
    length = struct.unpack("<Q", first)[0] if len(first) == 8 else 0
    if not 2 <= length <= min(_HEADER, size - 8):
        raise ContentError(f"{path} is no safetensors file: its header cannot be {length} bytes long")
    try:
        header = json.loads(file.read(length).decode("utf-8"))
        spans = sorted(tuple(entry["data_offsets"]) for name, entry in header.items() if name != "__metadata__")
        ends = [0, *(end for _, end in spans)]
        whole = [start for start, _ in spans] == ends[:-1] and all(type(part) is int for span in spans for part in span)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ContentError(f"{path} is no safetensors file: its header cannot be read ({type(error).__name__})") from None
    if not whole or ends != sorted(ends) or 8 + length + ends[-1] != size:
        raise ContentError(f"{path}: its tensors do not fill the file as the header says")
    return header, 8 + length


def _safetensors(file: BinaryIO, path: Path) -> str:
    header, base = tensors_of(file, path)
    digest = sha256()
    for name in sorted(header):
        entry = header[name]
        if name != "__metadata__":
            start, end = entry["data_offsets"]
            data = span_digest(file, path, base + start, end - start)
            entry = [entry.get("dtype"), entry.get("shape"), data]
        digest.update(json.dumps([name, entry], sort_keys=True).encode() + b"\n")
    return digest.hexdigest()


def _is_torch_zip(file: BinaryIO) -> bool:
    """Is the first member a torch archive's pickle? Another zip is but a file."""
    head = file.read(30)
    file.seek(0)
    if len(head) < 30:
        return False
    length = struct.unpack_from("<H", head, 26)[0]
    file.seek(30)
    name = file.read(length)
    file.seek(0)
    return name.endswith(b"/data.pkl")


def _zip(file: BinaryIO, path: Path) -> str:
    """Members by name without the archive's own. Stored ones only, as torch writes them, and none upon another: no bombs."""
    size = file.seek(0, os.SEEK_END)
    if _directory_size(file, size) > min(_DIRECTORY, size):
        raise ContentError(f"{path}: its list of members is too long")
    try:
        with zipfile.ZipFile(file) as archive:
            members = archive.infolist()
            stored = all(member.compress_type == zipfile.ZIP_STORED for member in members)
            if not stored or sum(member.file_size for member in members) > size:
                raise ContentError(f"{path} is packed as torch never packs: not read")
            found = sorted((_member(member.filename), _read(archive, member)) for member in members)
    # zipfile raises NotImplementedError for a version or a way of packing that it does not know.
    except (zipfile.BadZipFile, NotImplementedError, ValueError, EOFError, RuntimeError, struct.error) as error:
        raise ContentError(f"{path} is a damaged archive ({error})") from None
    return sha256(json.dumps(found).encode()).hexdigest()


def _read(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> str:
    digest = sha256()
    with archive.open(member) as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def _member(name: str) -> str:
    return name.partition("/")[2]


def _directory_size(file: BinaryIO, size: int) -> int:
    """How many bytes a zip says its directory has: zipfile would read them at once."""
    file.seek(max(0, size - 65_557))
    tail = file.read()
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or len(tail) < at + 16:
        return 0  # zipfile will say that it is none
    found = int(struct.unpack_from("<I", tail, at + 12)[0])
    if found == 0xFFFFFFFF:  # the 64-bit record, which stands before
        wide = tail.rfind(b"PK\x06\x06", 0, at)
        found = int(struct.unpack_from("<Q", tail, wide + 40)[0]) if 0 <= wide <= len(tail) - 48 else size + 1
    return found
