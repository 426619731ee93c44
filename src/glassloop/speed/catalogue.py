"""What is measured: five tasks and eight ways to train them, with the figures that are popular for a GPU. Loads no torch."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

BATCH = 32  # samples a batch, in every row
EPOCHS = 10  # epochs of the run over which set-up is spread


@dataclass(frozen=True)
class Task:
    """A data set with its model; `module` in `material/` makes both."""

    name: str
    does: str
    module: str
    epochs_a_turn: int  # so that a turn of the standard loop takes about a second
    samples: str  # what loading a sample is: "rows" of a tensor, or "files" to decode


TASKS = {
    task.name: task
    for task in (
        Task("digits-mlp", "1,797 scans of 8x8, three linear layers", "digits", 20, "rows"),
        Task("digits-cnn", "the same scans, three convolutions with batch-norm", "digits", 4, "rows"),
        Task("char-gpt", "characters of Python's help texts, four blocks of width 64, context 32", "text", 1, "rows"),
        Task("jpeg-light", "JPEG files of 320x240, decoded, resized, cropped and flipped", "jpeg", 1, "files"),
        Task("jpeg-heavy", "the same with files of 1600x1200", "jpeg", 1, "files"),
    )
}


@dataclass(frozen=True)
class Technique:
    """A row of the table. `speed` and `memory` are what is popularly said of a GPU: times the speed, share of the memory."""

    name: str
    title: str
    does: str
    accumulate: int = 1  # batches an optimizer step
    amp: bool = False
    workers: int = 0
    pinned: bool = False
    clip: bool = False
    tuned: bool = False  # another loop: batches by indexing, a fused optimizer, no reading of the loss in a step
    speed: float | None = None
    memory: float | None = None


STANDARD, TUNED, BEST = "standard", "tuned", "best"

TECHNIQUES = {
    row.name: row
    for row in (
        Technique(STANDARD, "standard loop", "batch 32, DataLoader over single samples, Adam as it comes, fp32"),
        Technique("accumulation", "accumulation x4", "a step every 4 batches: an effective batch of 128",
                  accumulate=4, speed=0.96),
        Technique("amp", "AMP", "autocast: bf16 on a CPU, fp16 with a GradScaler on a GPU", amp=True, speed=1.5),
        Technique("loader", "pinned + 4 workers", "num_workers=4, persistent, pin_memory where there is a GPU",
                  workers=4, pinned=True, speed=1.26),
        Technique("clipping", "clipping", "clip_grad_norm_ to 1.0 before each step", clip=True),
        Technique("together", "all together", "the four above at once",
                  accumulate=4, amp=True, workers=4, pinned=True, clip=True, speed=1.72, memory=0.67),
        Technique(TUNED, "tuned loop", "batches by indexing, fused Adam, no item() in a step; files: threads, draft",
                  tuned=True),
        Technique(BEST, "best found", "the tuned loop with what a trial on this machine chose", tuned=True),
    )
}  # fmt: skip


@dataclass(frozen=True)
class Settings:
    """What the tuned loop may choose; none of it changes what is computed, except for rounding (see `draft`)."""

    threads: int = 1
    channels_last: bool = False
    packed: bool = False  # attention: one product for all heads, and scaled_dot_product_attention
    cached: bool = False  # files: decoded once and kept as bytes in memory; augmentation comes after
    draft: bool = False  # files: decoded at a lower scale than stored; pixels differ a little
    compiled: bool = False

    def as_json(self) -> dict[str, Any]:
        """As plain values."""
        return asdict(self)
