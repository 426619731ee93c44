"""One recorded step's gradient, computed again from the checkpoint before it, in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from glassloop.audit import weights
from glassloop.audit.samples import read_json
from glassloop.errors import UserError
from glassloop.record.reading import inside
from glassloop.record.verdict import BROKEN
from glassloop.record.verify import verify

SECONDS = 1800


def chosen(folder: Path) -> tuple[int, str]:
    """(step, name) of the checkpoint whose next step is tried: the newest that a step was recorded after.

    Raises UserError where the run is none of the production loop, its record is broken, or no such checkpoint is there.
    """
    if verify(folder).word == BROKEN:
        raise UserError(f"the record in {folder} is broken: what it holds is not run; see `glassloop verify`")
    run = read_json(folder, "run.json")
    config = run.get("config") if isinstance(run, dict) else None
    config = config if isinstance(config, dict) else {}
    known = {"accumulate", "batch_size", "precision", "seed"} <= config.keys()
    if not known or not inside(folder, "source/task.py").is_file():
        raise UserError(f"{folder} is no run of the production loop, whose gradients alone can be computed again")
    if config["precision"] != "fp32" or config.get("overfit_one_batch"):
        raise UserError(f"{folder} trained in {config['precision']} or on one batch: only fp32 on all data is tried")
    steps = weights.steps(folder)
    kept = [(step, name) for step, name in weights.kept(folder) if step + 1 in steps]
    if not kept:
        raise UserError(f"{folder} keeps no checkpoint that a recorded step came after; run with --save-every and --keep")
    return kept[-1]


def recompute(folder: Path, step: int, name: str, seed: int) -> dict[str, Any]:
    """Run the recorded task from that checkpoint. This runs recorded code. Raises UserError where it fails."""
    home = folder.absolute()
    command = [sys.executable, "-m", "glassloop.audit.recompute", str(home / "source"), str(inside(home, name)), str(seed)]
    with tempfile.TemporaryDirectory(prefix="glassloop-audit-") as scratch:
        surroundings = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}  # nothing is written into the run folder
        try:
            how: dict[str, Any] = {"cwd": scratch, "env": surroundings, "stdin": subprocess.DEVNULL, "timeout": SECONDS}
            done = subprocess.run(command, capture_output=True, text=True, **how)
            if done.returncode:
                raise UserError(f"the gradient of step {step + 1} could not be computed: {_last(done.stderr)}")
            figures = json.loads(done.stdout.splitlines()[-1])
        except (subprocess.TimeoutExpired, IndexError, ValueError) as error:
            raise UserError(f"the gradient of step {step + 1} could not be computed ({type(error).__name__})") from None
    return {**figures, "recorded": weights.steps(folder).get(step + 1), "checkpoint": name, "seed": seed}


def _last(text: str) -> str:
    return (text.strip().splitlines() or ["it said nothing"])[-1][:300]
