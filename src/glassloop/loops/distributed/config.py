"""What can be set: each field is a flag of train.py, and its comment is the flag's help."""

from dataclasses import dataclass
from pathlib import Path

from glassloop.errors import UserError
from glassloop.kit.device import DeviceName, Precision
from glassloop.kit.schedule import Name


@dataclass
class Config:
    """Settings of one run, stored with it."""

    epochs: int = 20  # passes over the training data
    batch_size: int = 64  # samples in a batch of all processes together; with --accumulate k a step sees k batches
    lr: float = 1e-3  # highest learning rate
    schedule: Name = "cosine"  # cosine and onecycle move at each step, plateau after each evaluation
    warmup: float = 0.1  # share of all steps in which the rate rises to --lr
    clip: float = 1.0  # longest gradient (L2 norm over all parameters); longer ones are scaled down to it
    accumulate: int = 1  # batches whose gradients are added up before a step
    ema: float = 0.0  # decay of the averaged weights that are evaluated; 0 keeps none
    precision: Precision = "fp32"  # bf16 and fp16 compute under autocast; the weights stay float32
    seed: int = 0  # of weights, order and augmentation
    run_dir: Path | None = None  # folder of the run; by default the next free one in runs/
    resume: bool = False  # go on from the newest whole checkpoint there, or start where there is none
    device: DeviceName = "auto"  # where to compute
    workers: int | None = None  # processes that load data; by default none for data in memory, else up to 4
    threads: int | None = None  # threads torch computes with on the CPU; by default its own choice, one a core
    log_every: int = 20  # steps between readings of the loss: each makes the host wait for the device
    save_every: int = 0  # steps between checkpoints inside an epoch; 0 saves at the end of epochs only
    keep: int = 2  # newest checkpoints that stay (the best one always stays)
    stop_at: int | None = None  # save and stop after this step (to try --resume)

    def check(self) -> None:
        """Refuse in one line what cannot work. Raises UserError."""
        for name in ("epochs", "accumulate", "log_every", "keep"):
            if getattr(self, name) < 1:
                raise UserError(f"--{name.replace('_', '-')} is {getattr(self, name)}; give at least 1")
        if not 0 < self.lr < float("inf"):
            raise UserError(f"--lr is {self.lr}; give a number above 0")
        if not self.clip > 0:
            raise UserError(f"--clip is {self.clip}; give a number above 0 (inf clips nothing)")
        for name in ("warmup", "ema"):
            if not 0 <= getattr(self, name) < 1:
                raise UserError(f"--{name} is {getattr(self, name)}; give a share from 0 up to, not including, 1")
        for name in ("stop_at", "threads"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise UserError(f"--{name.replace('_', '-')} is {value}; give at least 1")
        if self.save_every < 0:
            raise UserError(f"--save-every is {self.save_every}; give 0 or more")


# A resumed run may differ in these alone; another schedule or batch size would be ignored, or make it a different run.
MAY_CHANGE = {"run_dir", "resume", "device", "workers", "log_every", "save_every", "keep", "stop_at"}
