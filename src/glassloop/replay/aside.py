"""Files that a script wrote beside its run folder: a replay writes them again, so the recorded ones step aside."""

import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from glassloop.errors import UserError


def at_stake(folder: Path, paths: Iterable[str]) -> list[Path]:
    """What lies where the script will write again: `paths` as checkpoint rows give them, from `folder` or absolute.

    Of the kit's checkpoints the whole folder that holds them, with its links to the latest and the best.
    """
    found: dict[Path, None] = {}
    for name in paths:
        path = Path(os.path.normpath((folder / name).absolute()))
        if path.name.startswith("step-") and path.parent.name == "checkpoints":
            path = path.parent
        if os.path.lexists(path):
            found[path] = None
    return list(found)


@contextmanager
def set_aside(paths: Iterable[Path], moved: dict[Path, Path]) -> Iterator[None]:
    """Rename each of `paths` within its folder, and back at the end, in the place of what was written there meanwhile.

    `moved` is told where each of them lies. Raises UserError where that is not allowed.
    """
    try:
        for path in paths:
            aside = path.with_name(f"{path.name}.recorded-{os.getpid()}")
            try:
                os.rename(path, aside)
            except OSError as error:
                raise UserError(f"{path} would be overwritten and cannot be set aside ({error.strerror})") from error
            moved[path] = aside
        yield
    finally:
        while moved:
            path, aside = moved.popitem()
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
            os.rename(aside, path)


def where(folder: Path, name: str, moved: Mapping[Path, Path]) -> Path:
    """Where what a checkpoint row calls `name` lies now, while `moved` is set aside."""
    path = Path(os.path.normpath((folder / name).absolute()))
    for original, aside in moved.items():
        if path == original or original in path.parents:
            return aside / path.relative_to(original)
    return path
