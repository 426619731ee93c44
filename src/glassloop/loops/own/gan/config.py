"""What can be set: each field is a flag of train.py, and its comment is the flag's help."""

from dataclasses import dataclass
from pathlib import Path

from glassloop.errors import UserError
from glassloop.kit.device import DeviceName


@dataclass
class Config:
    """Settings of one run, stored with it."""

    epochs: int = 150  # passes over the scans
    batch_size: int = 64  # real scans in a batch, and drawn ones
    lr: float = 2e-3  # learning rate of both networks
    beta1: float = 0.0  # Adam's momentum: the other network moves the goal, so old gradients point to where it was
    r1: float = 0.1  # weight of the penalty on the discriminator's slope at real scans; 0 leaves it out
    seed: int = 0  # of weights, order and latent numbers
    run_dir: Path | None = None  # folder of the run; by default the next free one in runs/
    resume: bool = False  # go on from the newest whole checkpoint there, or start where there is none
    device: DeviceName = "auto"  # where to compute
    workers: int | None = None  # processes that load data; by default none, because the data lies in memory
    threads: int | None = 1  # threads torch computes with on the CPU: for networks this small, one is best
    save_every: int = 0  # steps between checkpoints inside an epoch; 0 saves at the end of epochs only
    keep: int = 2  # newest checkpoints that stay (the best one always stays)
    stop_at: int | None = None  # save and stop after this step (to try --resume)

    def check(self) -> None:
        """Refuse in one line what cannot work. Raises UserError."""
        for name in ("epochs", "keep"):
            if getattr(self, name) < 1:
                raise UserError(f"--{name} is {getattr(self, name)}; give at least 1")
        if self.batch_size < 2:
            raise UserError(f"--batch-size is {self.batch_size}; give at least 2, batch-norm compares samples")
        if not 0 < self.lr < float("inf"):
            raise UserError(f"--lr is {self.lr}; give a number above 0")
        if not 0 <= self.beta1 < 1:
            raise UserError(f"--beta1 is {self.beta1}; give a number from 0 up to, not including, 1")
        if not 0 <= self.r1 < float("inf"):
            raise UserError(f"--r1 is {self.r1}; give 0 or more")
        for name in ("stop_at", "threads"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise UserError(f"--{name.replace('_', '-')} is {value}; give at least 1")
        if self.save_every < 0:
            raise UserError(f"--save-every is {self.save_every}; give 0 or more")


# A resumed run may differ in these alone; another learning rate or batch size would make it a different run.
MAY_CHANGE = {"run_dir", "resume", "device", "workers", "save_every", "keep", "stop_at"}
