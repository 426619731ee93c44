"""What can be set: each field is a flag of train.py, and its comment is the flag's help."""

from dataclasses import dataclass
from pathlib import Path

from glassloop.errors import UserError
from glassloop.kit.device import DeviceName


@dataclass
class Config:
    """Settings of one run, stored with it."""

    epochs: int = 40  # optimizer steps, each from episodes that are played for it
    episodes: int = 64  # episodes played for a step, side by side
    lr: float = 2e-2  # learning rate of policy and baseline
    discount: float = 0.99  # what a reward is worth one step later: 0.99 looks about 100 steps ahead
    seed: int = 0  # of weights, first positions and actions
    run_dir: Path | None = None  # folder of the run; by default the next free one in runs/
    resume: bool = False  # go on from the newest whole checkpoint there, or start where there is none
    device: DeviceName = "cpu"  # where the networks compute; the environment steps on the CPU, so a GPU mostly waits
    threads: int | None = 1  # threads torch computes with on the CPU: for networks this small, one is best
    keep: int = 2  # newest checkpoints that stay (the best one always stays)
    stop_at: int | None = None  # stop after this step (to try --resume)

    def check(self) -> None:
        """Refuse in one line what cannot work. Raises UserError."""
        for name in ("epochs", "keep"):
            if getattr(self, name) < 1:
                raise UserError(f"--{name} is {getattr(self, name)}; give at least 1")
        if self.episodes < 2:
            raise UserError(f"--episodes is {self.episodes}; give at least 2, advantages are compared with each other")
        if not 0 < self.lr < float("inf"):
            raise UserError(f"--lr is {self.lr}; give a number above 0")
        if not 0 <= self.discount < 1:
            raise UserError(f"--discount is {self.discount}; give a number from 0 up to, not including, 1")
        if not 0 <= self.seed < 2**31:
            raise UserError(f"--seed is {self.seed}; give a number from 0 up to 2^31")
        for name in ("stop_at", "threads"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise UserError(f"--{name.replace('_', '-')} is {value}; give at least 1")


# A resumed run may differ in these alone; another learning rate or discount would make it a different run.
MAY_CHANGE = {"run_dir", "resume", "device", "keep", "stop_at"}
