"""What a run needs to go on exactly (c56), and what a failure leaves (c60, c61)."""

from __future__ import annotations

import json
import os
import random
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from glassloop.lab.claims import Figure, Here, Outcome, claim

if TYPE_CHECKING:
    from torch import Tensor


class _Run:
    """Training on 240 points of the spiral with all that has a state; each part can be saved and put back."""

    def __init__(self, seed: int, dropout: float, cosine: bool, half: bool) -> None:
        import torch
        from torch import nn

        from glassloop.lab.claims.material import mlp, spiral

        torch.manual_seed(seed)
        self.x, self.y = (part[torch.randperm(900, generator=torch.Generator().manual_seed(1))][:240] for part in spiral(0))
        self.model = mlp(nn.Dropout(dropout))
        self.optimizer = torch.optim.AdamW(self.model.parameters(), lr=1e-2)
        make = torch.optim.lr_scheduler
        self.scheduler = make.CosineAnnealingLR(self.optimizer, 8) if cosine else make.ConstantLR(self.optimizer, 1.0)
        # A scale so high that float16 overflows: the scaler skips steps until it has come down.
        self.scaler = torch.amp.GradScaler("cpu", init_scale=2.0**26, enabled=half)
        self.half, self.skipped = half, 0
        self.shuffled = dropout > 0  # the order, as dropout's masks, then comes from the global generator

    def parts(self) -> dict[str, Any]:
        """Each state by its name; dicts are copied, so that they stay what they are now."""
        import copy

        import torch

        states = {
            name: copy.deepcopy(getattr(self, name).state_dict()) for name in ("model", "optimizer", "scheduler", "scaler")
        }
        return {**states, "rng": torch.get_rng_state()}

    def put_back(self, parts: dict[str, Any]) -> None:
        """The states that `parts` has; the others stay fresh."""
        import torch

        for name in parts.keys() - {"rng"}:
            getattr(self, name).load_state_dict(parts[name])
        if "rng" in parts:
            torch.set_rng_state(parts["rng"])

    def go(self, epochs: int) -> Tensor:
        """Train; gives the weights."""
        import torch
        import torch.nn.functional as F

        from glassloop.lab.claims.material import weights

        for _ in range(epochs):
            order = torch.randperm(240) if self.shuffled else torch.arange(240)
            for rows in torch.split(order, 60):
                with torch.autocast("cpu", torch.float16, enabled=self.half):
                    loss = F.cross_entropy(self.model(self.x[rows]), self.y[rows])
                self.optimizer.zero_grad()
                self.scaler.scale(loss).backward()  # type: ignore[no-untyped-call]  # torch gives it no types
                before = self.scaler.get_scale()
                self.scaler.step(self.optimizer)
                self.scaler.update()
                self.skipped += self.scaler.get_scale() < before
            self.scheduler.step()
        return weights(self.model)


def _apart(left_out: str, dropout: float = 0.0, cosine: bool = False, half: bool = False) -> tuple[float, int]:
    """8 epochs in one go against 4 and 4 without the states in `left_out`: largest difference of a weight; steps skipped."""
    import torch

    whole = _Run(0, dropout, cosine, half).go(8)
    first = _Run(0, dropout, cosine, half)
    first.go(4)
    saved = {name: state for name, state in first.parts().items() if name not in left_out.split()}
    torch.manual_seed(99)  # another process stands somewhere else
    second = _Run(1, dropout, cosine, half)
    second.put_back(saved)
    return float((second.go(4) - whole).abs().max()), second.skipped


@claim(
    "c56",
    says="Weights, optimizer and epoch in a checkpoint are enough to resume",
    source="the lesson",
    published={
        "no dropout, fixed order, constant rate": True,
        "dropout and shuffling from the global generator": False,
        "cosine schedule": False,
        "float16 with a gradient scaler": False,
    },
    because="""
    Exactly, that is: eight epochs in one go against four and four, largest difference of a weight. With all
    states saved it is {all:g}, dropout, shuffling and cosine included. Without the generator's state {rng:.2g},
    without the scheduler's {scheduler:.2g}, without the optimizer's {optimizer:.2g}, weights and optimizer
    alone {bare:.2g}. A scaler that starts again skips {skipped} steps again until its scale has come down:
    {scaler:.2g}; with its state {scaler_kept:g}.
    """,
)
def checkpoint_is_enough(here: Here) -> Outcome:
    """A run of 8 epochs against 4 and 4 with the checkpoint's parts left out in turn, bit for bit."""
    scaler, skipped = _apart("scaler", half=True)
    figures: dict[str, Figure] = {
        "all": _apart("", 0.2, True)[0],
        "rng": _apart("rng", 0.2, True)[0],
        "scheduler": _apart("scheduler", 0.2, True)[0],
        "optimizer": _apart("optimizer", 0.2, True)[0],
        "bare": _apart("rng scheduler scaler", 0.2, True)[0],
        "scaler": scaler,
        "scaler_kept": _apart("", half=True)[0],
        "skipped": skipped,
    }
    return Outcome(
        cases={
            "no dropout, fixed order, constant rate": _apart("rng scheduler scaler")[0] == 0,
            "dropout and shuffling from the global generator": figures["rng"] == 0,
            "cosine schedule": _apart("scheduler", cosine=True)[0] == 0,
            "float16 with a gradient scaler": scaler == 0,
        },
        figures=figures,
    )


def _write_in_place(state: dict[str, Tensor], path: Path, wrap: Callable[[Any], Any]) -> None:
    import torch

    with path.open("wb") as file:
        torch.save(state, wrap(file))


def _write_beside(state: dict[str, Tensor], path: Path, wrap: Callable[[Any], Any]) -> None:
    _write_in_place(state, path.with_suffix(".part"), wrap)
    path.with_suffix(".part").replace(path)


class _DiesHalfway:
    """A file that kills its process with signal 9 once `limit` bytes are written."""

    def __init__(self, file: Any, limit: int) -> None:
        self.file, self.limit = file, limit

    def write(self, data: bytes) -> int:
        """Write, or die."""
        if self.file.tell() + len(data) > self.limit:
            self.file.write(memoryview(data)[: max(0, self.limit - self.file.tell())])
            self.file.flush()
            os.kill(os.getpid(), signal.SIGKILL)
        return int(self.file.write(data))

    def flush(self) -> None:
        """As the file does."""
        self.file.flush()


def _readable(path: Path) -> bool:
    import torch

    try:
        torch.load(path)
    except (RuntimeError, EOFError, OSError):
        return False
    return True


def _forked(work: Callable[[], object]) -> int:
    """Starts `work` in a fork; gives the process id."""
    child = os.fork()
    if child == 0:
        try:
            work()
        finally:
            os._exit(0)
    return child


def _killed_at_random(write: Callable[..., None], folder: Path, trials: int) -> int:
    """Trials of which a readable file is left after signal 9 at a random time while checkpoints are written on end."""
    import torch

    state = {f"layer{n}": torch.randn(256, 1024) for n in range(8)}  # 8 MiB
    left = 0
    for trial in range(trials):
        path = folder / f"{write.__name__}{trial}.pt"
        write(state, path, lambda file: file)

        def go_on(path: Path = path) -> None:
            while True:
                write(state, path, lambda file: file)

        child = _forked(go_on)
        time.sleep(0.05 + 0.1 * random.Random(trial).random())
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        left += _readable(path)
        path.unlink()
    return left


@claim(
    "c60",
    says="Saving the latest state each epoch lets a run go on after a crash",
    source="the lesson",
    published={
        "killed between two writes": True,
        "killed during the write": False,
        "killed during the write, written beside and renamed": True,
        "started again as printed": False,
    },
    because="""
    A kill during torch.save(state, 'latest.pt') leaves a cut file in the place of the good one, and there is no
    other: of {trials} processes killed with signal 9 while they wrote 8 MiB again and again, {in_place} left a
    readable file; with a write beside it and a rename {beside} of {trials}. And the printed loop never reads
    the file: started again it begins at epoch {starts_at} and overwrites it.
    """,
)
def survives_a_crash(here: Here) -> Outcome:
    """A process that kills itself half way through a write; in a full run also 20 killed at random times, both ways."""
    import torch

    from glassloop.lab.claims.lesson import train

    state, folder = {"layer": torch.randn(256, 1024)}, Path()

    def left_after(write: Callable[..., None], limit: int) -> bool:
        path = folder / "latest.pt"
        torch.save(state, path)
        os.waitpid(_forked(lambda: write(state, path, lambda file: _DiesHalfway(file, limit))), 0)
        return _readable(path)

    cases = {
        "killed between two writes": left_after(_write_in_place, 2**30),
        "killed during the write": left_after(_write_in_place, 2**19),
        "killed during the write, written beside and renamed": left_after(_write_beside, 2**19),
    }
    figures: dict[str, Figure] = {}
    if here.full:
        figures = {"trials": 20, "in_place": _killed_at_random(_write_in_place, folder, 20)}
        figures["beside"] = _killed_at_random(_write_beside, folder, 20)
        cases["killed during the write"] |= figures["in_place"] == 20
        cases["killed during the write, written beside and renamed"] &= figures["beside"] == 20
    train(torch.nn.Linear(2, 2), 3, folder / "run")
    again = train(torch.nn.Linear(2, 2), 5, folder / "run")
    cases["started again as printed"] = again[0]["epoch"] == 3
    return Outcome(cases, {**figures, "starts_at": int(again[0]["epoch"])})


@claim(
    "c61",
    says="The history file lets you plot the run after a failure",
    source="the lesson",
    published={"an exception in the third epoch": False},
    because="""
    The history is written after the last epoch: a run that raises in its third epoch leaves {files}, no
    history. Written after each epoch (beside, then renamed) it has the {epochs} epochs that ended.
    """,
)
def history_survives(here: Here) -> Outcome:
    """The files of the lesson's loop after it ended, and after an exception in the third epoch."""
    import torch

    from glassloop.lab.claims.lesson import train

    def files(folder: Path, **settings: Any) -> list[str]:
        try:
            train(torch.nn.Linear(2, 2), 5, folder, fail_in=3, **settings)
        except FloatingPointError:
            return sorted(path.name for path in folder.iterdir())
        raise AssertionError("the loop did not fail")

    train(torch.nn.Linear(2, 2), 3, Path("whole"))
    assert Path("whole/history.json").exists(), "a run that ends leaves one"
    left = files(Path("cut"))
    files(Path("each"), history_each_epoch=True)
    return Outcome(
        cases={"an exception in the third epoch": "history.json" in left},
        figures={"files": " and ".join(left), "epochs": len(json.loads(Path("each/history.json").read_text()))},
    )
