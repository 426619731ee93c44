"""Losses and gradient norms of many steps, left on the device until they are read together."""

from collections.abc import Callable, Sequence
from typing import Any

import torch

from glassloop.errors import UserError


class Meter:
    """`add` after each step keeps references, about 1 µs and no sync; `read` moves them all at once, one sync.

    The epoch's loss is summed on the host in float64, in the order of the steps, so that it does not depend on when
    it was read: a resumed epoch ends with the very same bits.
    """

    def __init__(self) -> None:
        self.loss = self.grad_norm = self.lr = float("nan")  # of the last step read
        self.total, self.items = 0.0, 0
        self._waiting: list[tuple[int, Sequence[torch.Tensor], torch.Tensor, int, float]] = []

    def add(self, step: int, losses: Sequence[torch.Tensor], grad_norm: torch.Tensor, items: int, lr: float) -> None:
        """Step `step` had a mean loss over `items` items that is the sum of `losses`, one for each batch of its window,
        this gradient norm before clipping, and used this learning rate."""
        self._waiting.append((step, losses, grad_norm, items, lr))

    def read(self, *, overflow_allowed: bool = False, mean: Callable[[list[float]], list[float]] = list) -> int:
        """Take in what waits and return its number of items.

        `mean`: takes the figures of this process to those of all (`kit.distributed.mean`); then all of them read at once.
        Raises UserError, naming the step, for a loss or a gradient that is not finite.
        `overflow_allowed`: a GradScaler probes for the largest scale that fits, and skips the steps whose gradients
        overflow. The loss is not scaled where it is measured, so one that is not finite is never the scaler's doing.
        """
        if not self._waiting:
            return 0
        before = self.items
        # One stack and one copy: each call costs more than what it moves.
        waiting = torch.stack([figure for _, parts, norm, _, _ in self._waiting for figure in (*parts, norm)])
        figures = iter(mean(waiting.tolist()))
        for step, parts, _, items, lr in self._waiting:
            loss, grad_norm = sum(next(figures) for _ in parts), next(figures)
            finite = {"loss": loss} if overflow_allowed else {"loss": loss, "gradient norm": grad_norm}
            for name, value in finite.items():
                if not abs(value) < float("inf"):
                    raise UserError(
                        f"the {name} of step {step} is {value}; nothing after the last checkpoint was kept. "
                        "Look at that step's data, lower --lr, tighten --clip, or use bf16 for fp16"
                    )
            self.loss, self.grad_norm, self.lr = loss, grad_norm, lr
            self.total += loss * items
            self.items += items
        self._waiting.clear()
        return self.items - before

    def mean(self) -> float:
        """Mean loss over all items of the epoch so far, as read."""
        return self.total / max(self.items, 1)

    def state(self) -> dict[str, Any]:
        """What an epoch needs to go on after a resume; call `read` first."""
        return {name: getattr(self, name) for name in ("total", "items", "loss", "grad_norm", "lr")}

    def load_state(self, state: dict[str, Any]) -> None:
        """Go on from `state()`."""
        for name, value in state.items():
            setattr(self, name, value)

    def start_epoch(self) -> None:
        """Forget the last epoch's figures."""
        self.total, self.items = 0.0, 0
