"""The project's own settings: `[tool.glassloop]` in the nearest pyproject.toml."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from glassloop.errors import UserError

KEYS = ("select", "ignore", "exclude", "per-file-ignores")


@dataclass(frozen=True)
class Config:
    """What a project wants of a check. `path`: the file that says so, None where there is none."""

    path: Path | None = None
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()  # patterns as in .gitignore
    per_file_ignores: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # pattern: rules


def find_config(start: str | os.PathLike[str]) -> Config:
    """The settings that hold for a file or folder: the nearest pyproject.toml above it that has some.

    Raises UserError for a file that cannot be read or says what no check understands.
    """
    at = Path(start).absolute()
    for folder in (at, *at.parents):
        path = folder / "pyproject.toml"
        if path.is_file():
            table = _table(path)
            if table is not None:
                return _config(path, table)
    return Config()


def _table(path: Path) -> dict[str, Any] | None:
    data = path.read_bytes()
    if b"glassloop" not in data:  # a parser that is not imported costs nothing
        return None
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib  # type: ignore[import-not-found,unused-ignore]  # absent where it is not needed
    try:
        table = tomllib.loads(data.decode("utf-8")).get("tool", {}).get("glassloop")
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UserError(f"{path} is not valid TOML: {error}") from None
    if table is not None and not isinstance(table, dict):
        raise UserError(f"{path}: [tool.glassloop] is a table, not {table!r}")
    return table


def _config(path: Path, table: dict[str, Any]) -> Config:
    unknown = sorted(set(table) - set(KEYS))
    if unknown:
        raise UserError(f"{path}: [tool.glassloop] knows no {unknown[0]!r}; it knows {', '.join(KEYS)}")
    per_file = table.get("per-file-ignores", {})
    if not isinstance(per_file, dict):
        raise UserError(f"{path}: [tool.glassloop] per-file-ignores is a table of patterns and rules, not {per_file!r}")
    select, ignore, exclude = (_words(path, key, table.get(key, [])) for key in KEYS[:3])
    ignores = {pattern: _words(path, f"per-file-ignores {pattern!r}", rules) for pattern, rules in per_file.items()}
    return Config(path, select, ignore, exclude, ignores)


def _words(path: Path, key: str, value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(word, str) for word in value):
        raise UserError(f"{path}: [tool.glassloop] {key} is a list of words, not {value!r}")
    return tuple(value)


class Patterns:
    """Rules that a project sets aside for some files: patterns as in .gitignore, seen from its folder."""

    def __init__(self, path: Path | None, per_file: Mapping[str, tuple[str, ...]]) -> None:
        self.folder = None if path is None else path.parent
        self.per_file = per_file

    def rules(self, path: str) -> set[str]:
        """The rules set aside for a file."""
        if not self.per_file or self.folder is None or path == "-":
            return set()
        from pathspec import GitIgnoreSpec

        relative = os.path.relpath(path, self.folder)
        matching = (r for pattern, r in self.per_file.items() if GitIgnoreSpec.from_lines([pattern]).match_file(relative))
        return {rule for rules in matching for rule in rules}
