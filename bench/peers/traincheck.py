"""traincheck: invariants of a right run, checked on another (README, "Use TrainCheck"). It has no line in the script.

For each right script: a trace of it with another seed is the reference, invariants are inferred from that, and the right
script itself and the mistakes made in it are checked against them.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

from peers.tool import Said, Tool

TOOL = Tool(
    name="traincheck",
    install=("traincheck==0.2.0",),
    modules=(),
    unlike="needs a right run first: here the mistake's own twin with another seed, the best that there can "
    "be, in two epochs of five steps",
)
TWIN = "right: plain"  # only the mistakes made in this one: each right script takes an inference of minutes
LONGEST = 900.0  # seconds for one command


def _run(python: Path, folder: Path, command: str, *arguments: str) -> str:
    """Its output; `time: S` stands last. Raises CalledProcessError, TimeoutExpired."""
    environment = {**os.environ, "PATH": f"{python.parent}{os.pathsep}{os.environ['PATH']}"}
    full = [str(python.parent / f"traincheck-{command}"), *arguments]
    done = subprocess.run(full, cwd=folder, capture_output=True, text=True, timeout=LONGEST, env=environment)
    (folder / f"{command}.txt").write_text(done.stdout + done.stderr, encoding="utf-8")
    done.check_returncode()
    return done.stdout


def reference(python: Path, script: str, folder: Path) -> Path:
    """The invariants of a right script, inferred from a run of it with another seed."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "reference.py").write_text(script.replace("torch.manual_seed(0)", "torch.manual_seed(1)"), encoding="utf-8")
    _run(python, folder, "collect", "--pyscript", "reference.py", "--models-to-track", "model", "--output-dir", "trace")
    _run(python, folder, "infer", "-f", "trace", "-o", "invariants.json")
    return folder / "invariants.json"


def check(python: Path, script: str, invariants: Path, folder: Path) -> Said:
    """What of the invariants the script violates."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "target.py").write_text(script, encoding="utf-8")
    shutil.copy(invariants, folder / "invariants.json")
    arguments = ("--pyscript", "target.py", "--models-to-track", "model", "--invariants", "invariants.json")
    _run(python, folder, "collect", *arguments, "--output-dir", "trace")
    _run(python, folder, "check", "-f", "trace", "-i", "invariants.json")
    return violations(folder)


def violations(folder: Path) -> Said:
    """The violated invariants, by the names that its report gives them."""
    said: Said = {}
    for log in folder.rglob("violations_summary.json"):
        for entry in json.loads(log.read_text(encoding="utf-8"))["violations"]:
            said[entry["display_name"]] = f"first at step {entry['first_step']}"
    return said


def short(script: str) -> str:
    """The script with two epochs of five steps: "keep both runs short" (its usage guide); a trace grows with each step."""
    script = script.replace("EPOCHS = 4\n", "EPOCHS = 2\n")
    return script.replace("train_set = ", "train_part = train_part[::5]\ntrain_set = ")


def measured(python: Path, scripts: dict[str, str], folder: Path, twins: dict[str, str]) -> dict[str, Any]:
    """What is said of every script; `twins`: the key of each one's right script."""
    said: dict[str, Said] = {}
    failed: dict[str, str] = {}
    began = time.monotonic()
    invariants = reference(python, short(scripts[TWIN]), folder / "reference")
    inferred = time.monotonic() - began
    chosen = {key: script for key, script in scripts.items() if twins[key] == TWIN}
    for i, (key, script) in enumerate(chosen.items()):
        try:
            said[key] = check(python, short(script), invariants, folder / f"{i}")
        except (subprocess.SubprocessError, OSError) as error:
            failed[key] = str(error)[:200]
        print(f"  {time.monotonic() - began:.0f} s, {key}: {len(said.get(key, {}))}", failed.get(key, ""), flush=True)
    each = (time.monotonic() - began - inferred) / len(chosen)
    note = f"invariants inferred in {inferred:.0f} s, each script traced and checked in {each:.0f} s, on a busy machine"
    return {"said": said, "judged": list(chosen), "many": True, "slowdown": None, "note": note + _failed(failed)}


def _failed(failed: dict[str, str]) -> str:
    return f"; could not be judged: {', '.join(failed)}" if failed else ""
