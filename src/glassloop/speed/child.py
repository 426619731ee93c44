"""One row of the table in a process of its own: it trains an epoch or a few when told to, and says what that took.

`python -m glassloop.speed.child JSON`, where the JSON says what to do (`turns.py` writes it). It answers on stdout, a JSON
object a line, and waits for a line on stdin before each turn; "end" is answered with the memory used.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from multiprocessing import active_children
from pathlib import Path
from typing import Any, TextIO

import torch

from glassloop.speed import loops, material, trial, use
from glassloop.speed.catalogue import STANDARD, TECHNIQUES, Settings


def main(asked: dict[str, Any]) -> None:
    """Do what is asked: "prepare" files, "choose" settings, or "train" in turns."""
    torch.set_num_threads(asked["threads"])
    folder, device = Path(asked["folder"]), torch.device(asked["device"])
    # Nothing else may write among the answers, nor may a worker inherit them.
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    if asked["do"] == "prepare":
        material.prepare(asked["task"], folder)
        answer: dict[str, Any] = {"prepared": True}
    elif asked["do"] == "choose":
        made, start = material.make(asked["task"], folder), Settings(**asked["settings"])
        choice = trial.choose(made, start, asked["epochs"], device, threads=asked["choose_threads"])
        answer = {"settings": choice.settings.as_json(), "notes": choice.notes}
    else:
        _train(asked, folder, device, answers)
        return
    _say(answers, answer)


def _train(asked: dict[str, Any], folder: Path, device: torch.device, answers: TextIO) -> None:
    _warm_up(device)
    held = use.held_mib()
    technique, settings = TECHNIQUES[asked["technique"]], Settings(**asked["settings"])
    made = material.make(asked["task"], folder)  # imports and data, alike in every row
    began = time.perf_counter()
    train = loops.tuned(made, settings, device) if technique.tuned else loops.standard(made, technique, device)
    set_up = time.perf_counter() - began
    first = _turn(train, 0, 1, device)
    _say(answers, {"set_up": set_up, "first": first, "samples": made.order.size})
    done = 1
    for line in sys.stdin:
        if line.strip() == "end":
            break
        count = asked["epochs_a_turn"]
        _say(answers, _turn(train, done, count, device))
        done += count
    _say(answers, _memory(held, device))
    _leave()


def _say(answers: TextIO, answer: dict[str, Any]) -> None:
    """A line, at once."""
    answers.write(json.dumps(answer) + "\n")
    answers.flush()


def _leave() -> None:
    """End at once, with the workers: asking each to stop and waiting for it takes seconds."""
    if hasattr(signal, "SIGCHLD"):
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)  # torch would report each as a failure
    for worker in active_children():
        worker.kill()
    os._exit(0)


def _turn(train: loops.Trained, first: int, count: int, device: torch.device) -> dict[str, Any]:
    """Train `count` epochs: seconds by the clock and of the processor, an epoch, and the last epoch's loss."""
    cpu, began = use.cpu_seconds(), time.perf_counter()
    for number in range(first, first + count):
        loss = train.epoch(number)
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    seconds, cpu_after = time.perf_counter() - began, use.cpu_seconds()
    spent = None if cpu is None or cpu_after is None else (cpu_after - cpu) / count
    return {"seconds": seconds / count, "cpu": spent, "loss": loss}


def _warm_up(device: torch.device) -> None:
    """What the first optimizer of a process imports takes seconds, in every row alike."""
    parameter = torch.zeros(2, device=device, requires_grad=True)
    parameter.sum().backward()  # type: ignore[no-untyped-call]
    torch.optim.Adam([parameter]).step()


def _memory(held: float | None, device: torch.device) -> dict[str, float | None]:
    """Peak memory in MiB, of this process and its workers; `above` is what came on top of torch itself."""
    if device.type == "cuda":
        peak = torch.cuda.max_memory_allocated(device) / use.MIB
        return {"peak": peak, "above": peak, "workers": use.workers_mib()}
    top, workers = use.peak_mib(), use.workers_mib()
    if top is None or held is None:
        return {"peak": None, "above": None, "workers": workers}
    return {"peak": top + (workers or 0), "above": max(top - held, 0) + (workers or 0), "workers": workers}


if __name__ == "__main__":
    main({"technique": STANDARD, "settings": {}} | json.loads(sys.argv[1]))
