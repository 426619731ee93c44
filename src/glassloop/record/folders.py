"""Where runs lie: `runs/NAME-001`, `runs/NAME-002`, …"""

import re
from pathlib import Path

from glassloop.errors import UserError


def new_run_folder(name: str, base: Path = Path("runs")) -> Path:
    """Make and return the next free `base`/NAME-NNN. Two runs started at once get two folders. Raises UserError."""
    try:
        base.mkdir(parents=True, exist_ok=True)
        number = max((_number(path, name) for path in base.iterdir()), default=0)
        while True:
            number += 1
            try:
                folder = base / f"{name}-{number:03d}"
                folder.mkdir()
            except FileExistsError:
                continue
            return folder
    except OSError as error:
        raise UserError(f"no run folder can be made in {base} ({error.strerror}); give another with --run-dir") from error


def newest_run_folder(name: str, base: Path = Path("runs")) -> Path | None:
    """The `base`/NAME-NNN with the highest number, or None."""
    runs = [path for path in base.iterdir() if _number(path, name)] if base.is_dir() else []
    return max(runs, key=lambda path: _number(path, name), default=None)


def _number(path: Path, name: str) -> int:
    match = re.fullmatch(re.escape(name) + r"-(\d+)", path.name)
    return int(match[1]) if match else 0
