"""Which files a check reads: those that are named, and what lies below folders that are, without what git ignores."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

SKIPPED = frozenset({".git", ".venv", "venv", "node_modules", "__pycache__", ".ipynb_checkpoints", ".tox", "build"})

IGNORING = (".gitignore", os.path.join(".git", "info", "exclude"))


def files_of(paths: Iterable[str | os.PathLike[str]], exclude: Collection[str] = (), gitignore: bool = True) -> list[str]:
    """The .py and .ipynb files named, or below the folders named. A file that is named is never left out.

    Nor is a folder that is named, though git ignores it: who names a virtual environment's package means it.
    `exclude`: patterns as in .gitignore, seen from the working directory. Raises FileNotFoundError.
    """
    found: dict[str, None] = {}
    for given in paths:
        path = str(given)
        if path == "-" or os.path.isfile(path):
            found[path] = None
        elif os.path.isdir(path):
            named = _Ignored(tuple(exclude), gitignore and not _Ignored((), gitignore)(path.rstrip("/") + "/"))
            found.update(dict.fromkeys(_below(path, named)))
        else:
            raise FileNotFoundError(path)
    return list(found)


def _below(folder: str, ignored: _Ignored) -> list[str]:
    found: list[str] = []
    for where, folders, names in os.walk(folder):
        folders[:] = sorted(f for f in folders if f not in SKIPPED and not f.startswith("."))
        folders[:] = [f for f in folders if not ignored(os.path.join(where, f) + "/")]
        wanted = (os.path.join(where, n) for n in sorted(names) if n.endswith((".py", ".ipynb")))
        found.extend(path for path in wanted if not ignored(path))
    return found


class _Ignored:
    """Whether a path is excluded, or ignored by the .gitignore files from its folder up to the repository's root."""

    def __init__(self, exclude: tuple[str, ...], gitignore: bool) -> None:
        self.exclude = _spec(exclude) if exclude else None
        self.gitignore = gitignore

    def __call__(self, path: str) -> bool:
        if self.exclude is not None and self.exclude.match_file(os.path.relpath(path) + path[len(path.rstrip("/")) :]):
            return True
        full = os.path.abspath(path) + path[len(path.rstrip("/")) :]
        folders = _ignoring(os.path.dirname(full.rstrip("/"))) if self.gitignore else ()
        for folder, spec in folders:  # the nearest one that has an opinion decides
            verdict = spec.check_file(full[len(folder) :].lstrip("/")).include
            if verdict is not None:
                return verdict
        return False


@cache
def _ignoring(folder: str) -> tuple[tuple[str, GitIgnoreSpec], ...]:
    """The .gitignore files that hold for a folder, the nearest first; none outside a repository."""
    above = os.path.dirname(folder)
    mine = [(folder, _spec(tuple(lines))) for name in IGNORING if (lines := _lines(os.path.join(folder, name)))]
    if os.path.exists(os.path.join(folder, ".git")):
        return tuple(mine)
    return (*mine, *_ignoring(above)) if above != folder and _in_repository(above) else ()


@cache
def _in_repository(folder: str) -> bool:
    above = os.path.dirname(folder)
    return os.path.exists(os.path.join(folder, ".git")) or (above != folder and _in_repository(above))


def _lines(path: str) -> list[str]:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read().splitlines()
    except OSError:
        return []


def _spec(patterns: tuple[str, ...]) -> GitIgnoreSpec:
    from pathspec import GitIgnoreSpec  # 20 ms, which a check of single files need not pay

    return GitIgnoreSpec.from_lines(patterns)
