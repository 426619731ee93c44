"""pulsegrad: one line before the training; what it found is asked of its store (README, "Quickstart")."""

import json
import os
import subprocess
from pathlib import Path

from peers.tool import Said, Tool


def read(python: Path, folder: Path) -> Said:
    """What `pug findings --json` says of the run in `folder`, information left out."""
    command = [str(python.parent / "pug"), "findings", "--json", "--runs-dir", str(folder / "runs")]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "NO_COLOR": "1"})
    if done.returncode:
        return {"no run recorded": done.stdout.strip() + done.stderr.strip()}
    return {f["detector"]: f["message"] for f in json.loads(done.stdout) if f["severity"] != "info"}


TOOL = Tool(
    name="pulsegrad",
    install=("pulsegrad==0.1.0",),
    modules=("pulsegrad",),
    before="""\
import pulsegrad as pug
pug.init()
""",
    read=read,
)
