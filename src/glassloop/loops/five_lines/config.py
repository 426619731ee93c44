"""What can be set: each field is a flag of train.py, and its comment is the flag's help."""

from dataclasses import dataclass
from pathlib import Path

from glassloop.errors import UserError
from glassloop.kit.device import DeviceName


@dataclass
class Config:
    """Settings of one run, stored with it."""

    epochs: int = 20  # passes over the training data
    batch_size: int = 64  # samples in a batch
    lr: float = 1e-3  # learning rate
    seed: int = 0  # of weights, order and augmentation
    run_dir: Path | None = None  # this rung writes nothing; `validated` keeps its history there
    resume: bool = False  # this rung writes nothing, so it always starts afresh; `resumable` goes on
    device: DeviceName = "auto"  # where to compute
    workers: int | None = None  # processes that load data; by default none for data in memory, else up to 4
    threads: int | None = None  # threads torch computes with on the CPU; by default its own choice, one a core

    def check(self) -> None:
        """Refuse in one line what cannot work. Raises UserError."""
        if self.epochs < 1:
            raise UserError(f"--epochs is {self.epochs}; give at least 1")
        if not 0 < self.lr < float("inf"):
            raise UserError(f"--lr is {self.lr}; give a number above 0")
        if self.threads is not None and self.threads < 1:
            raise UserError(f"--threads is {self.threads}; give at least 1")
