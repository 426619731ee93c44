"""Runs a loop in a fresh process, quickly: a server that has imported torch but trained nothing is forked for each run."""

import json
import multiprocessing as mp
import os
import runpy
import sys
from pathlib import Path
from typing import NamedTuple

import torch.distributed as dist

LOOPS = Path(__file__).parents[2] / "src" / "glassloop" / "loops"

_server = mp.get_context("forkserver")
_server.set_forkserver_preload(
    ["torch", "torch._dynamo", "torchmetrics.classification", "sklearn.datasets", "sklearn.model_selection", "tyro",
     "matplotlib.figure", "PIL.Image", "glassloop.kit.run", "glassloop.kit.settings", "glassloop.kit.checkpoint",
     "glassloop.kit.distributed"]
)  # fmt: skip


def digest(folder: Path) -> str:
    """Of everything that the newest checkpoint of a run folder holds."""
    return str(json.loads((folder / "checkpoints" / "latest" / "digests.json").read_text())["all"])


class Ended(NamedTuple):
    """How a run ended: its exit code (negative: the signal that killed it) and what it printed."""

    code: int
    stdout: str
    stderr: str

    @property
    def final(self) -> dict[str, float]:
        last = self.stdout.splitlines()[-1]
        assert last.startswith("final "), self
        return json.loads(last.removeprefix("final "))


class Running:
    """A run under way; `wait` for it, or send it signals by `pid`."""

    def __init__(self, project: Path, args: tuple[str, ...], env: dict[str, str], watched: bool) -> None:
        Running.count += 1
        self.log = project.parent / f"log-{os.getpid()}-{Running.count}"
        self.process = _server.Process(target=_child, args=(project, args, env, watched, self.log))
        self.process.start()
        self.pid = self.process.pid

    count = 0

    def stdout(self) -> str:
        file = self.log.with_suffix(".out")
        return file.read_text() if file.exists() else ""

    def wait(self, timeout: float = 900) -> Ended:
        self.process.join(timeout)
        if self.process.is_alive():
            self.process.kill()
            self.process.join()
            raise TimeoutError(f"{self.stdout()}\n{self.log.with_suffix('.err').read_text()}")
        return Ended(self.process.exitcode, self.stdout(), self.log.with_suffix(".err").read_text())


def start(project: Path, *args: object, watched: bool = False, **env: str) -> Running:
    """Start `python train.py ARGS` of a project folder, or `glassloop run train.py ARGS`."""
    return Running(project, tuple(map(str, args)), env, watched)


def run(project: Path, *args: object, watched: bool = False, **env: str) -> Ended:
    """Run it to its end."""
    return start(project, *args, watched=watched, **env).wait()


def start_together(project: Path, world: int, *args: object, **env: str) -> list[Running]:
    """Start it as `torchrun --nproc-per-node WORLD` would, without the seconds that torchrun takes; rank 0 comes first."""
    store = dist.TCPStore("127.0.0.1", 0, is_master=True, wait_for_workers=False)  # torchrun keeps it, too
    _stores.append(store)  # for as long as anybody may ask it
    shared = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(store.port), "TORCHELASTIC_USE_AGENT_STORE": "True"}
    shared |= {"WORLD_SIZE": str(world), "LOCAL_WORLD_SIZE": str(world)} | env
    return [start(project, *args, **shared, RANK=rank, LOCAL_RANK=rank) for rank in map(str, range(world))]


_stores: list[dist.TCPStore] = []


def run_together(project: Path, world: int, *args: object, **env: str) -> list[Ended]:
    """Run it to the end of all."""
    return [running.wait() for running in start_together(project, world, *args, **env)]


def _child(project: Path, args: tuple[str, ...], env: dict[str, str], watched: bool, log: Path) -> None:
    for stream, suffix in ((1, ".out"), (2, ".err")):
        handle = os.open(log.with_suffix(suffix), os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(handle, stream)
    sys.stdout, sys.stderr = os.fdopen(1, "w", buffering=1), os.fdopen(2, "w", buffering=1)
    sys.__stdout__, sys.__stderr__ = sys.stdout, sys.stderr
    os.environ.update(env)
    os.chdir(project)
    if watched:
        sys.argv = ["glassloop", "run", "--no-record", "--format", "json", "train.py", *args]
        runpy.run_module("glassloop", run_name="__main__")
        return
    sys.argv = ["train.py", *args]
    sys.path.insert(0, str(project))
    runpy.run_path(str(project / "train.py"), run_name="__main__")
