"""Learning rate schedules by name, all of them torch's own, counted in optimizer steps."""

from typing import Literal, NamedTuple

from torch.optim import Optimizer
from torch.optim.lr_scheduler import (
    ConstantLR,
    CosineAnnealingLR,
    LinearLR,
    LRScheduler,
    OneCycleLR,
    ReduceLROnPlateau,
    SequentialLR,
)

from glassloop.errors import UserError

Name = Literal["cosine", "onecycle", "plateau", "constant"]


class Schedule(NamedTuple):
    """A scheduler and the moment it belongs to: after each optimizer step, or after each evaluation."""

    scheduler: LRScheduler
    per_step: bool


def make_schedule(
    optimizer: Optimizer, name: Name, *, total_steps: int, warmup_steps: int = 0, plateau_patience: int = 3
) -> Schedule:
    """Build a schedule that peaks at the optimizer's learning rate.

    - cosine: a linear warm-up from lr/`warmup_steps` to lr, then half a cosine to 0 at `total_steps`;
    - onecycle: OneCycleLR (it anneals momentum, too), its rising part as long as the warm-up (30 % where that is 0);
    - plateau: lr times 0.1 after `plateau_patience` evaluations without a lower validation loss;
    - constant: lr, after the linear warm-up.

    Raises UserError when the warm-up leaves no step for the rest.
    """
    if warmup_steps >= total_steps:
        raise UserError(f"warm-up takes {warmup_steps} steps of {total_steps}; give more epochs or a shorter warm-up")
    if name == "plateau":
        return Schedule(ReduceLROnPlateau(optimizer, factor=0.1, patience=plateau_patience), per_step=False)
    peak = [group["lr"] for group in optimizer.param_groups]
    if name == "onecycle":
        # At least two steps: torch divides by the rise's length less one.
        rising = max(warmup_steps, 2) / total_steps if warmup_steps and total_steps > 2 else 0.3
        return Schedule(OneCycleLR(optimizer, max_lr=peak, total_steps=total_steps, pct_start=rising), per_step=True)
    after = total_steps - warmup_steps
    main = CosineAnnealingLR(optimizer, after) if name == "cosine" else ConstantLR(optimizer, factor=1.0)
    if warmup_steps == 0:
        return Schedule(main, per_step=True)
    # The first step is taken at lr/warmup_steps, not at 0: a step at 0 would be a batch thrown away.
    warmup = LinearLR(optimizer, start_factor=1 / warmup_steps, total_iters=max(warmup_steps - 1, 1))
    return Schedule(SequentialLR(optimizer, [warmup, main], [warmup_steps]), per_step=True)
