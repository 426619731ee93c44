"""Settings from the command line, one flag a field of a dataclass; a resumed run starts from those it was begun with."""

import dataclasses
import json
from pathlib import Path
from typing import Any, TypeVar

import tyro

from glassloop.record.folders import newest_run_folder

C = TypeVar("C")

ABOUT_THE_CALL = ("run_dir", "resume", "stop_at")  # fields that say how to run this time, not what is trained


def read_settings(kind: type[C], defaults: dict[str, Any], name: str, args: list[str] | None = None) -> C:
    """Parse `args` (default: sys.argv) into the dataclass `kind`, whose own defaults give way to `defaults`.

    With `--resume` the settings stored in the run's run.json come first and flags override them, so that nothing has to
    be typed again. `name` finds the newest runs/NAME-NNN where `--run-dir` is not given.
    """
    settings: Any = tyro.cli(kind, args=args, default=kind(**defaults))
    if not getattr(settings, "resume", False):
        return settings  # type: ignore[no-any-return]
    folder = settings.run_dir or newest_run_folder(name)
    stored = _stored(folder / "run.json") if folder else {}
    known = {field.name for field in dataclasses.fields(kind)} - set(ABOUT_THE_CALL)  # type: ignore[arg-type]
    kept = {key: value for key, value in stored.items() if key in known}
    return tyro.cli(kind, args=args, default=kind(**{**defaults, **kept}))


def as_json(settings: Any) -> dict[str, Any]:
    """The settings as JSON can hold them: paths as strings."""
    values = dataclasses.asdict(settings)
    return {key: str(value) if isinstance(value, Path) else value for key, value in values.items()}


def _stored(file: Path) -> dict[str, Any]:
    try:
        return dict(json.loads(file.read_text()).get("config") or {})
    except (OSError, ValueError):  # a run that died before it wrote one starts with what is given now
        return {}
