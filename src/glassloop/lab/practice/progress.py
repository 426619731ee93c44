"""What was answered, kept in the user's state folder: a small JSON file, written whole or not at all."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from glassloop.record.files import write_json

VERSION = 1


def place() -> Path:
    """Where progress is kept: $XDG_STATE_HOME, or what stands for it on this system."""
    if os.name == "nt":
        home = os.environ.get("LOCALAPPDATA") or str(Path.home() / "AppData" / "Local")
    else:
        home = os.environ.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
    return Path(home) / "glassloop" / "practice.json"


@dataclass
class Progress:
    """`answered`: question -> {"right": whether it was ever answered rightly, "tries": how often it was tried}."""

    path: Path
    answered: dict[str, dict[str, Any]] = field(default_factory=dict)
    note: str = ""  # one line for the person where the file was damaged

    def has(self, question: str) -> bool:
        """Whether the question was answered rightly."""
        return bool(self.answered.get(question, {}).get("right"))

    def tries(self, question: str) -> int:
        """How often it was tried."""
        return int(self.answered.get(question, {}).get("tries", 0))

    def add(self, question: str, right: bool) -> None:
        """Takes in an answer and writes the file. Raises OSError where that fails."""
        self.answered[question] = {"right": self.has(question) or right, "tries": self.tries(question) + 1}
        self.path.parent.mkdir(parents=True, exist_ok=True)
        write_json(self.path, {"version": VERSION, "answered": self.answered})


def load(path: Path | None = None) -> Progress:
    """What is kept. A damaged file is put aside, and `note` says so: nobody's progress is thrown away in silence."""
    path = path or place()
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        if kept["version"] != VERSION:
            raise ValueError(f"its version is {kept['version']!r}, not {VERSION}")
        answered = {str(name): {"right": bool(a["right"]), "tries": int(a["tries"])} for name, a in kept["answered"].items()}
        return Progress(path, answered)
    except FileNotFoundError:
        return Progress(path)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        aside = _put_aside(path)
        reason = f"{type(error).__name__}: {' '.join(str(error).split())}"
        return Progress(path, note=f"{path} is damaged ({reason}); it is kept as {aside}, and progress starts afresh")
    except OSError as error:
        return Progress(path, note=f"{path} cannot be read ({error.strerror}); progress starts afresh")


def _put_aside(path: Path) -> Path:
    number = 1
    while (aside := path.with_name(f"{path.name}.damaged-{number}")).exists():
        number += 1
    os.replace(path, aside)
    return aside
