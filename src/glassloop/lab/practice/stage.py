"""Where answers are run: each in a process of its own, forked from the lab's warm one, with a time limit.

An answer that hangs, exits or crashes takes its process with it and nothing else.
"""

from __future__ import annotations

import threading
from typing import Any

from glassloop.lab.pool import Call, run_all

Shown = dict[str, Any]  # what a run showed; `broken` is the key of a run that gave no result
SECONDS = 120.0  # for one run: most take less than a second, the first one also loads torch
PROBES = "glassloop.lab.practice.probe"


class Stage:
    """Calls functions of probe.py by name: `stage("watched", files, argv)`."""

    def __init__(self, seconds: float = SECONDS) -> None:
        self._seconds = seconds

    def warm(self) -> None:
        """Begins to load torch in the background, where every later run is forked from."""
        threading.Thread(target=self, args=("nothing",), daemon=True).start()

    def __call__(self, probe: str, *arguments: Any) -> Shown:
        """What the probe gives, or `{"broken": one line}` where it gave nothing in time."""
        (done,) = run_all([Call(f"{PROBES}:{probe}", arguments, self._seconds)])
        return {"broken": " ".join(done.error.split())} if done.error else dict(done.value)
