"""The same mistakes given to the tools that watch a training, and to glassloop.

    python bench/peers_watch.py --venvs DIR                    every tool, every mistake
    python bench/peers_watch.py --venvs DIR --tool torcheck    one of them anew; the others stay as they were measured

Writes results/peers_watch.json and docs/peers.md. Each tool is installed into an environment of its own under DIR and used
as its README says (bench/peers/NAME.py); torch is the one that runs this bench. The mistakes are edits of one right script
(bench/peers/digits.py). Found: the tool says something at warning level or above that it does not say of the mistake's right
twin; that it says the *right* thing is not asked. A false alarm: it says anything of a right script. The cost: CPU time of
the training loop, attached and bare, in turns.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import platform
import statistics
import subprocess
import sys
import sysconfig
import tempfile
import time
import venv
from importlib import metadata
from pathlib import Path
from typing import Any

from peers import glassloop, page, traincheck
from peers.mistakes import MISTAKES, RIGHT, right, wrong
from peers.tool import Said, Tool

HERE = Path(__file__).resolve().parent
RESULT = HERE / "results" / "peers_watch.json"
NAMES = ("torch_audit", "torchtest2", "torcheck", "guardtower", "pulsegrad", "traincheck")
LONG = ("EPOCHS = 4\n", "EPOCHS = 40\n")  # a thousand steps, to time them


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--venvs", type=Path, required=True, help="a folder for the tools' environments; kept")
    parser.add_argument("--tool", action="append", choices=(*NAMES, "glassloop"), help="only these")
    parser.add_argument("--rounds", type=int, default=5, help="turns of the timing")
    args = parser.parse_args()
    for name in args.tool or (*NAMES, "glassloop"):
        print(f"{name} ...", flush=True)
        with tempfile.TemporaryDirectory() as folder:
            keep(name, {**measured(name, args.venvs.resolve(), Path(folder), args.rounds), "conditions": conditions()})


def keep(name: str, tool: dict[str, Any]) -> None:
    """Writes what is known of a tool beside what was measured of the others."""
    told: dict[str, Any] = json.loads(RESULT.read_text(encoding="utf-8")) if RESULT.exists() else {"tools": {}}
    told["tools"][name] = tool
    told["mistakes"] = {m.says: {"rule": m.rule, "of": m.of} for m in MISTAKES}
    told["right"] = list(RIGHT)
    RESULT.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    if "glassloop" in told["tools"]:
        page.PAGE.write_text(page.text(told), encoding="utf-8")


def measured(name: str, venvs: Path, folder: Path, rounds: int) -> dict[str, Any]:
    """Everything about one tool."""
    if name == "glassloop":
        return ours(rounds)
    tool: Tool = importlib.import_module(f"peers.{name}").TOOL
    head = {
        "version": tool.install[0].partition("==")[2],
        "lines": tool.lines,
        "unlike": tool.unlike,
        "no_deps": tool.no_deps,
    }
    try:
        python = environment(name, tool, venvs)
    except subprocess.CalledProcessError as error:
        lines = [line for line in error.stderr.splitlines() if line.startswith("ERROR")]
        return {**head, "not_installed": (lines or ["pip fails"])[-1]}
    if name == "traincheck":
        return {**head, **traincheck.measured(python, scripts(), folder, twins())}
    with Server(python, tool) as server:
        said = {key: server.said(text) for key, text in scripts().items()}
        return {**head, "said": said, **server.cost(rounds)}


def ours(rounds: int) -> dict[str, Any]:
    """What watch says in a run, and check of the text."""
    with Server(Path(sys.executable), glassloop.RUN) as server:
        told = {key: server.said(text) for key, text in scripts().items()}
        cost = server.cost(rounds)
    with Server(Path(sys.executable), glassloop.CHECK) as server:
        read = {key: server.said(text) for key, text in scripts().items()}
    return {"version": metadata.version("glassloop"), "lines": 0, "said": told, "check": read, **cost}


def scripts() -> dict[str, str]:
    """All scripts: the right ones under `right: NAME`, the wrong ones under what is wrong."""
    return {**{f"right: {name}": right(name) for name in RIGHT}, **{m.says: wrong(m) for m in MISTAKES}}


def twins() -> dict[str, str]:
    """The right script of each script, by their keys."""
    return {**{f"right: {name}": f"right: {name}" for name in RIGHT}, **{m.says: f"right: {m.of}" for m in MISTAKES}}


def long() -> str:
    """The plain right script with a thousand steps."""
    return right("plain").replace(*LONG)


def environment(name: str, tool: Tool, venvs: Path) -> Path:
    """The interpreter of the tool's own environment, made where it is not there. Raises CalledProcessError where pip fails.

    It sees the packages of this interpreter, so that torch is the same for all; the tool's own go before.
    """
    home = venvs / name
    python = home / "bin" / "python"
    done = home / "installed"
    if not done.exists():
        venv.create(home, with_pip=True)
        site = next(home.glob("lib/python*/site-packages"))
        (site / "torch_of_the_bench.pth").write_text(sysconfig.get_paths()["purelib"] + "\n", encoding="utf-8")
        command = [str(python), "-m", "pip", "install", "-q", *(["--no-deps"] if tool.no_deps else []), *tool.install]
        subprocess.run(command, check=True, capture_output=True, text=True)
        done.touch()
    return python


class Server:
    """The tool's environment with torch loaded, which runs scripts one by one (peers/serve.py)."""

    def __init__(self, python: Path, tool: Tool) -> None:
        self.python, self.tool = python, tool
        self.folder = tempfile.TemporaryDirectory()
        self.count = 0
        command = [str(python), str(HERE / "peers" / "serve.py"), *tool.modules]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={**os.environ, "OMP_NUM_THREADS": "1"}
        )

    def __enter__(self) -> Server:
        assert self.process.stdout is not None
        if self.process.stdout.readline() != "ready\n":
            raise SystemExit(f"{self.tool.name}: its modules cannot be loaded")
        return self

    def __exit__(self, *_: object) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait()
        self.folder.cleanup()

    def run(self, script: str, driver: str = "") -> tuple[Path, str]:
        """The script's folder and its output. `driver`: what runs instead of the script."""
        self.count += 1
        folder = Path(self.folder.name) / str(self.count)
        folder.mkdir()
        (folder / "user.py").write_text(script, encoding="utf-8")
        (folder / "script.py").write_text(driver or script, encoding="utf-8")
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps([str(folder / "script.py"), str(folder)]) + "\n")
        self.process.stdin.flush()
        self.process.stdout.readline()
        return folder, (folder / "out.txt").read_text(encoding="utf-8", errors="replace")

    def said(self, script: str) -> Said:
        """What the tool says of the script."""
        folder, out = self.run(self.tool.attached(script), self.tool.driver)
        said: Said = {}
        for line in out.splitlines():
            if line.startswith(("said ", "raised ")) and not self.tool.driver:
                kind, _, value = line.partition(" ")
                said.update(json.loads(value) if kind == "said" else {"raised": json.loads(value)})
        if self.tool.read is not None:
            said.update(self.tool.read(self.python, folder))
        return said

    def cost(self, rounds: int) -> dict[str, Any]:
        """The loop's CPU time, attached to bare; and what comes before the loop, in seconds. Medians over the rounds."""
        ratios, set_up = [], []
        for _ in range(rounds):
            bare = final(self.run(long())[1])
            attached = final(self.run(self.tool.attached(long()), self.tool.driver)[1])
            if attached is None or bare is None:
                return {"slowdown": None, "set_up_s": None}  # it stopped the right script
            ratios.append(attached["loop"] / bare["loop"])
            set_up.append(attached["set_up"])
        spread = [round(min(ratios), 2), round(max(ratios), 2)]
        return {
            "slowdown": round(statistics.median(ratios), 2),
            "slowdown_spread": spread,
            "set_up_s": round(statistics.median(set_up), 2),
        }


def final(out: str) -> dict[str, float] | None:
    """What a script prints last; None where it did not come so far."""
    lines = [line for line in out.splitlines() if line.startswith("final ")]
    return json.loads(lines[-1].removeprefix("final ")) if lines else None


def conditions() -> dict[str, Any]:
    return {
        "torch": metadata.version("torch"),
        "python": platform.python_version(),
        "cores": os.cpu_count(),
        "load": round(os.getloadavg()[0], 1),
        "date": time.strftime("%Y-%m-%d"),
    }


if __name__ == "__main__":
    sys.exit(main())
