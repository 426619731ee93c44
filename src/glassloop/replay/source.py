"""Which text a replay runs: the recorded files where they still lie unchanged, else the copies in the run folder."""

import hashlib
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from glassloop.errors import UserError
from glassloop.record.reading import inside, open_plain


class Source(NamedTuple):
    """Where the program is run from. `root` is the folder of its script: that which the recorded names start from."""

    root: Path
    script: Path
    in_place: bool
    why: str  # one line for the person
    imports: tuple[Path, ...] = ()  # in the copies: what stands for folders that the program imported from


def choose(
    folder: Path, session: int, sources: Mapping[str, str], recorded: Path, scratch: Path, imported: Sequence[Path] = ()
) -> Source:
    """The text of a session: `sources` gives the recorded sha256 of each file by its name, the script first.

    `recorded` is the script's path as it was then, `imported` are folders that modules may have been imported from. Where a
    file has changed or gone, all are laid out again below `scratch`, as they lay to each other.
    Raises UserError where neither the files nor their copies have the recorded digests.
    """
    if not sources:
        raise UserError(f"{folder} names no source: there is no text that could be run")
    root = recorded.parent.resolve()
    changed = [name for name, digest in sources.items() if _digest(_at(root, name)) != digest]
    count = "1 file" if len(sources) == 1 else f"{len(sources)} files"
    if not changed:
        return Source(root, recorded, True, f"{recorded}, in place ({count}, each with its recorded digest)")
    missing = [name for name, digest in sources.items() if _copy(folder, session, name, digest) is None]
    if missing:
        where = _at(root, missing[0])
        state = "has changed" if where.exists() else "is not there"
        raise UserError(
            f"the recorded text of {missing[0]} is not at hand: {where} {state}, and {folder / 'source'} does not hold it"
            " (was it recorded with --no-source?); put that text back and replay again"
        )
    above = [path for path in imported if any(_at(root, name).is_relative_to(path) for name in sources)]
    levels = max([0, *(len(root.relative_to(path).parts) for path in above if root.is_relative_to(path))])
    home = laid_out(folder, session, sources, scratch / "source", root.parts[1:][-levels:] if levels else ())
    said = f"{changed[0]} has changed or gone" if len(changed) == 1 else f"{len(changed)} of {count} have changed or gone"
    why = f"the copies in {folder / 'source'}, since {said} in {root}"
    # In their place, or a module would be imported from where it has changed.
    stand_in = [Path(os.path.normpath(home / os.path.relpath(path, root))) for path in above]
    inside_copies = tuple(path for path in stand_in if path.is_relative_to(scratch / "source"))
    return Source(home, _at(home, next(iter(sources))), False, why, inside_copies)


def laid_out(folder: Path, session: int, sources: Mapping[str, str], target: Path, names: Sequence[str] = ()) -> Path:
    """Write the recorded texts below `target`; returns the folder of the script, the last of `names` where some are given.

    Files whose names begin with `up/` lie above it again.
    """
    depth = max(_back(name).split("/").count("..") for name in sources)
    home = target.joinpath(*["above"] * (depth - len(names)), *names)
    home.mkdir(parents=True, exist_ok=True)
    for name, digest in sources.items():
        text = _copy(folder, session, name, digest)
        if text is None:
            raise UserError(f"{folder / 'source'} does not hold the recorded text of {name}; put it back and replay again")
        place = _at(home, name)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(text)
    return home


def _at(root: Path, name: str) -> Path:
    return Path(os.path.normpath(root.resolve() / _back(name)))


def _copy(folder: Path, session: int, name: str, digest: str) -> bytes | None:
    """The text that the run folder keeps of a file, where its digest is the recorded one."""
    places = [f"source/session-{number}/{name}" for number in range(session, 1, -1)] + [f"source/{name}"]
    for place in places:
        path = inside(folder, place)
        if _digest(path) == digest:
            with open_plain(path) as file:
                return file.read()
    return None


def _back(name: str) -> str:
    """The relative path that a record's name stands for: leading `up/` mean folders above the script's."""
    parts = name.split("/")
    up = next((at for at, part in enumerate(parts) if part != "up"), len(parts))
    if any(part in ("", ".", "..") for part in parts):
        raise UserError(f"{name[:80]!r} is no name of a source; nothing is run from this record")
    return "/".join([".."] * up + parts[up:])


def _digest(path: Path) -> str | None:
    try:
        with open_plain(path.resolve()) as file:
            return hashlib.sha256(file.read()).hexdigest()
    except (OSError, UserError):
        return None
