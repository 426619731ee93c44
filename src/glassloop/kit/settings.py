"""Settings from the command line, one flag a field of a dataclass; a resumed run starts from those it was begun with."""

import contextlib
import dataclasses
import difflib
import io
import json
import re
from pathlib import Path
from typing import Any, TypeVar

import tyro

from glassloop.errors import UserError
from glassloop.record.folders import newest_run_folder

C = TypeVar("C")

ABOUT_THE_CALL = ("run_dir", "resume", "stop_at")  # fields that say how to run this time, not what is trained


def parse(kind: type[C], defaults: dict[str, Any], args: list[str] | None = None) -> C:
    """`args` (default: sys.argv) as the dataclass `kind`, whose own defaults give way to `defaults`.

    A default that `kind` has no field for is left out: a task serves every step of the ladder, and the lower ones have
    fewer settings. `--help` prints and leaves. Raises UserError for an unknown flag, an unreadable value, and a default
    whose name looks like a slip, in one line.
    """
    fields = [field.name for field in dataclasses.fields(kind)]  # type: ignore[arg-type]
    for name in [name for name in defaults if name not in fields]:
        if near := difflib.get_close_matches(name, fields, n=1, cutoff=0.75):
            raise UserError(f"DEFAULTS in task.py has {name}, and config.py has no such setting; did you mean {near[0]}?")
    defaults = {name: value for name, value in defaults.items() if name in fields}
    said = io.StringIO()
    try:
        with contextlib.redirect_stderr(said):  # tyro draws a box of several lines
            return tyro.cli(kind, args=args, default=kind(**defaults))
    except SystemExit as leaving:
        if leaving.code in (0, None):
            raise
        text = re.sub(r"\x1b\[[0-9;]*m", "", said.getvalue())
        inside = re.sub(r"╭.*╮|[╰╯│─]+", " ", text)  # without the box and its title
        inside = re.split(r"For full helptext|Argument helptext|Perhaps you meant|Arguments similar to", inside)[0]
        raise UserError(f"{' '.join(inside.split()).rstrip('.')}; --help shows every flag") from None


def read_settings(kind: type[C], defaults: dict[str, Any], name: str, args: list[str] | None = None) -> C:
    """Like `parse`, for a loop that can resume.

    With `--resume` the settings stored with the run's newest checkpoint come first (those in its run.json where there is
    none), and flags override them, so that nothing has to be typed again. `name` finds the newest runs/NAME-NNN where
    `--run-dir` is not given.
    """
    settings: Any = parse(kind, defaults, args)
    if not getattr(settings, "resume", False):
        return settings  # type: ignore[no-any-return]
    folder = settings.run_dir or newest_run_folder(name)
    stored = _stored(folder) if folder else {}
    known = {field.name for field in dataclasses.fields(kind)} - set(ABOUT_THE_CALL)  # type: ignore[arg-type]
    kept = {key: value for key, value in stored.items() if key in known}
    return parse(kind, {**defaults, **kept}, args)


def as_json(settings: Any) -> dict[str, Any]:
    """The settings as JSON can hold them: paths as strings."""
    values = dataclasses.asdict(settings)
    return {key: str(value) if isinstance(value, Path) else value for key, value in values.items()}


def _stored(folder: Path) -> dict[str, Any]:
    """run.json tells how the first session began, and that one may have been killed before it saved anything."""
    newest_first = sorted((folder / "checkpoints").glob("step-*/config.json"), reverse=True)
    for file in (*newest_first, folder / "run.json"):
        with contextlib.suppress(OSError, ValueError, TypeError, KeyError):
            values = json.loads(file.read_text(encoding="utf-8"))
            return dict(values["config"] if file.name == "run.json" else values)
    return {}  # a run that died before it wrote one starts with what is given now
