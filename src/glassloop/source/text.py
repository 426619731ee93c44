"""Reading files: whatever is on the disk ends as a tree or as one clear line."""

from __future__ import annotations

import ast
import codecs
import io
import re
import tokenize
import warnings
from pathlib import Path

from glassloop.source.notebooks import Notebook, read_notebook
from glassloop.source.program import Text

LARGEST = 1_500_000  # bytes; generated code beyond it is not a training loop
LARGEST_NOTEBOOK = 40_000_000  # mostly pictures that its cells have drawn
# A program without a backward, a step or a clearing cannot train; a helper of one may do no more than the second line.
TRAINS = re.compile(
    rb"\.(?:manual_)?backward\(|\.zero_grad\(|\boptim\b[\s\S]*\.step\(|\bLightningModule\b|\bcreate_supervised_trainer\b"
)
HELPS = re.compile(rb"torch|\.backward\(|\.step\(|\.zero_grad\(|\.eval\(|\.train\(|\.grad\b")
IMPORTS = re.compile(rb"^[ \t]*(?:from[ \t]+([.\w]+)[ \t]+import[ \t]+([^\n#]+)|import[ \t]+([^\n#]+))", re.MULTILINE)


class Unreadable(Exception):  # noqa: N818 (names what the file is)
    """A file that cannot be read as Python; the message is the one line to show."""


def read(path: str, data: bytes | None = None) -> bytes:
    """The bytes of a file (`-` is given as `data`). Raises Unreadable."""
    try:
        data = Path(path).read_bytes() if data is None else data
    except OSError as error:
        raise Unreadable(f"cannot be read: {error.strerror or error}") from None
    most = LARGEST_NOTEBOOK if path.endswith(".ipynb") else LARGEST
    if len(data) > most:
        raise Unreadable(f"is too large to read ({len(data) / 1e6:.1f} MB; the limit is {most / 1e6:.1f} MB)")
    return data


def may_train(data: bytes) -> bool:
    """Whether the text mentions what every training loop mentions."""
    return TRAINS.search(data) is not None


def may_help(data: bytes) -> bool:
    """Whether the text can be a part of a training program at all."""
    return HELPS.search(data) is not None


def imported(data: bytes) -> set[tuple[int, tuple[str, ...]]]:
    """What a file imports: (level, parts of the dotted name); of `from a import b` both a and a.b."""
    found: set[tuple[int, tuple[str, ...]]] = set()
    for match in IMPORTS.finditer(data):
        source, names, plain = (g.decode("utf-8", "replace") if g else "" for g in match.groups())
        level = len(source) - len(source.lstrip("."))
        base = tuple(part for part in source.split(".") if part)
        if source:
            found.add((level, base))
            found.update((level, (*base, name)) for name in re.findall(r"\w+", names)[:40])
        else:
            found.update((0, tuple(name.split("."))) for name in re.findall(r"[\w.]+", plain))
    return {(level, parts) for level, parts in found if parts}


def parse(path: str, data: bytes) -> Text:
    """The tree of a file or notebook. Raises Unreadable."""
    if b"\x00" in data:
        raise Unreadable("is not text: it contains NUL bytes")
    notebook = _notebook(data) if path.endswith(".ipynb") else None
    source = decode(data) if notebook is None else notebook.text
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(source)
    except SyntaxError as error:
        raise Unreadable(f"is not valid Python: {error.msg} (line {error.lineno})") from None
    except (RecursionError, MemoryError):
        raise Unreadable("is nested too deeply to read") from None
    except ValueError as error:
        raise Unreadable(f"is not valid Python: {error}") from None
    return Text(path, tree, source, notebook)


def decode(data: bytes) -> str:
    """Text in the encoding that the file declares. Raises Unreadable."""
    try:
        text = data.decode(encoding_of(data)[0])
    except (SyntaxError, UnicodeDecodeError, LookupError) as error:
        raise Unreadable(f"is in an encoding that it does not declare: {error}") from None
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")


def encoding_of(data: bytes) -> tuple[str, bytes]:
    """The encoding that a file declares, and the mark that it begins with. Raises SyntaxError for an unknown one."""
    encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
    return ("utf-8", codecs.BOM_UTF8) if encoding == "utf-8-sig" else (encoding, b"")


def _notebook(data: bytes) -> Notebook:
    try:
        return read_notebook(data)
    except (ValueError, KeyError, TypeError, AttributeError):
        raise Unreadable("is not a notebook that can be read") from None
