"""Whether a loss that goes backward is a mean that nothing has divided since: read off its graph, never off the numbers."""

from __future__ import annotations

from typing import Any

import torch

MARK = "glassloop.scaled"  # on the node that a scaler multiplied a loss by its scale with
_FARTHEST = 12  # nodes looked at
_KEPT = 32  # losses remembered
_MEAN, _SUM = 1, 2  # ATen's numbers for a reduction
# Operations that hand the same number on, in another shape, place or precision; the sum of one number is that number.
_KEEPS = frozenset(
    f"{name}Backward0"
    for name in ("View", "Reshape", "ReshapeAlias", "Squeeze", "Unsqueeze", "ToCopy", "Clone", "Alias", "Sum")
)  # fmt: skip
_MEANS = frozenset(("MeanBackward0", "MeanBackward1"))
_ADDS = frozenset(("AddBackward0", "SubBackward0"))


class Means:
    """The losses of PyTorch that were heard lately, by their nodes' numbers: a node's number is given once."""

    def __init__(self) -> None:
        self._heard: dict[int, bool] = {}

    def heard(self, loss: Any, mean: bool) -> None:
        """A loss was computed, and is a mean or is not."""
        node = getattr(loss, "grad_fn", None)
        if node is None:
            return
        if len(self._heard) >= _KEPT:
            self._heard.clear()
        self._heard[node._sequence_nr()] = mean

    def of(self, loss: Any) -> bool | None:
        """Whether `loss` is a mean, or a sum with one in it, and nothing has divided it; None where that is not known."""
        if isinstance(loss, (list, tuple)) and len(loss) == 1:
            loss = loss[0]
        if not isinstance(loss, torch.Tensor) or loss.numel() != 1:
            return None
        node = loss.grad_fn
        if node is None:
            return None
        known = self._heard.get(node._sequence_nr())
        return known if known is not None else self._of(node, _FARTHEST)

    def _of(self, node: Any, left: int) -> bool | None:
        while node is not None and left:
            left -= 1
            known = self._heard.get(node._sequence_nr())
            if known is not None:
                return known
            name = node.name()
            if name in _MEANS:
                return True
            if name in _ADDS:
                return self._sum(node, left)
            if name in _KEEPS or (name == "MulBackward0" and MARK in node.metadata) or _by_one(name, node):
                node = node.next_functions[0][0]
                continue
            return False if name == "DivBackward0" else _reduced(node)
        return None

    def _sum(self, node: Any, left: int) -> bool | None:
        """A sum with a mean in it is none the less one, unless a part of it was divided."""
        parts = [self._of(part, left // 2) for part, _ in node.next_functions if part is not None]
        return False if False in parts else True if True in parts else None


def _by_one(name: str, node: Any) -> bool:
    """A division by a plain 1: Accelerate makes one of each loss where it was told of no windows."""
    if name != "DivBackward0":
        return False
    try:
        by = node._saved_other
    except RuntimeError:  # its graph has been freed
        return False
    return isinstance(by, torch.Tensor) and by.device.type == "cpu" and by.dim() == 0 and by.item() == 1


def _reduced(node: Any) -> bool | None:
    """What a loss inside a model says of itself."""
    reduction = getattr(node, "_saved_reduction", None)
    return {_MEAN: True, _SUM: False}.get(reduction) if isinstance(reduction, int) else None


__all__ = ["Means"]
