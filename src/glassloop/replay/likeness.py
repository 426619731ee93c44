"""Do two files of torch.save hold the same but for words? Paths and dates make honest ones differ, numbers do not.

Nothing is unpickled: a pickle's instructions are listed, and only those that push text are left out.
"""

import pickletools
import zipfile
from pathlib import Path
from typing import Any

from glassloop.errors import UserError
from glassloop.record.reading import open_plain
from glassloop.record.tensors import names_in

_LARGEST = 64 << 20  # bytes of a pickle, beside which the tensors lie


def same_but_for_words(one: Path, other: Path) -> bool:
    """The same tensors and numbers in the same places, whatever the texts among them say. False where that is not known."""
    try:
        if not one.is_dir():
            return _same_file(one, other)
        names = names_in(one)
        return names == names_in(other) and all(_same_file(one / name, other / name) for name in names)
    # zipfile raises NotImplementedError for a version or a way of packing that it does not know.
    except (OSError, UserError, ValueError, zipfile.BadZipFile, NotImplementedError, EOFError):
        return False


def _same_file(one: Path, other: Path) -> bool:
    with open_plain(one) as first, open_plain(other) as second:
        if not (zipfile.is_zipfile(first) and zipfile.is_zipfile(second)):
            first.seek(0)
            second.seek(0)
            return first.read(_LARGEST) == second.read(_LARGEST) and not first.read(1)
        first.seek(0)
        second.seek(0)
        with zipfile.ZipFile(first) as a, zipfile.ZipFile(second) as b:
            members, others = ({info.filename.partition("/")[2]: info for info in x.infolist()} for x in (a, b))
            if members.keys() != others.keys():
                return False
            changed = [name for name in members if (members[name].CRC, members[name].file_size)
                       != (others[name].CRC, others[name].file_size)]  # fmt: skip
            changed = [name for name in changed if name != ".data/serialization_id"]  # a hash of the names and the pickle
            return all(_same_pickle(a, members[name], b, others[name]) for name in changed)


def _same_pickle(a: zipfile.ZipFile, one: zipfile.ZipInfo, b: zipfile.ZipFile, other: zipfile.ZipInfo) -> bool:
    if not one.filename.endswith("data.pkl") or max(one.file_size, other.file_size) > _LARGEST:
        return False
    return _without_words(a.read(one)) == _without_words(b.read(other))


def _without_words(pickled: bytes) -> list[tuple[str, Any]]:
    """The instructions of a pickle, with text as just text."""
    listed = pickletools.genops(pickled)
    return [("TEXT", None) if "UNICODE" in op.name else (op.name, value) for op, value, _ in listed]
