"""What a trial calls: losses with what they are given, shapes that broadcast, random numbers. Through torch's own mode."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch.overrides import TorchFunctionMode, resolve_name

from glassloop.errors import UserError
from glassloop.tap.given import CLASSES
from glassloop.tap.models import F_LOSSES
from glassloop.tap.shapes import ELEMENTWISE as REPEATING

ELEMENTWISE = REPEATING | {"kl_div"}
_BINARY = frozenset({"sub", "__sub__", "rsub", "__rsub__", "add", "__add__", "mul", "__mul__", "eq", "__eq__"})
_DRAWS = ("rand", "normal", "bernoulli", "multinomial", "poisson", "dropout", "gumbel_softmax", "rrelu", "exponential_")


@dataclass
class LossCall:
    """A call of one of torch's losses: what it was given, and its value."""

    name: str
    prediction: torch.Tensor
    target: torch.Tensor
    options: dict[str, Any]
    value: torch.Tensor


@dataclass(frozen=True)
class Broadcast:
    """Two tensors of different shapes that were combined, and the shape that came of it."""

    call: str
    prediction: tuple[int, ...]
    target: tuple[int, ...]
    result: tuple[int, ...]


class Listening(TorchFunctionMode):
    """While it is on, keeps the losses, the broadcasts outside of the model, and the calls that draw random numbers."""

    def __init__(self) -> None:
        super().__init__()
        self.losses: list[LossCall] = []
        self.broadcasts: list[Broadcast] = []
        self.draws: list[str] = []
        self.inside = 0  # the model's forwards under way

    def __torch_function__(self, func: Callable[..., Any], types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        name = getattr(func, "__name__", "")
        if name.startswith(_DRAWS) or name.endswith("dropout") or name == "scaled_dot_product_attention":
            self._draw(name, func, args, kwargs)
        if name not in F_LOSSES:
            result = func(*args, **kwargs)
            if name in _BINARY and not self.inside and len(args) > 1:
                self._combined(name, args[0], args[1], result)
            return result
        given = dict(zip(("input", "target"), args[:2], strict=False)) | kwargs
        prediction, target = given.get("input"), given.get("target")
        two = isinstance(prediction, torch.Tensor) and isinstance(target, torch.Tensor)
        if two and name in CLASSES:
            _in_range(prediction, target, given.get("ignore_index", -100))
        result = func(*args, **kwargs)
        if two and isinstance(result, torch.Tensor):
            self.losses.append(LossCall(name, prediction, target, _options(args, kwargs), result))
            if name in ELEMENTWISE and prediction.shape != target.shape and target.dim() and prediction.dim():
                both = torch.broadcast_shapes(prediction.shape, target.shape)  # type: ignore[no-untyped-call]
                self.broadcasts.append(Broadcast(name, tuple(prediction.shape), tuple(target.shape), tuple(both)))
        return result

    def _combined(self, name: str, one: Any, other: Any, result: Any) -> None:
        """A prediction and a target that are combined by hand: as many numbers each, and more in the result."""
        if not all(isinstance(tensor, torch.Tensor) and tensor.dim() for tensor in (one, other, result)):
            return
        if one.numel() != other.numel() or result.numel() <= one.numel() or one.requires_grad == other.requires_grad:
            return
        prediction, target = (one, other) if one.requires_grad else (other, one)
        self.broadcasts.append(Broadcast(name.strip("_"), tuple(prediction.shape), tuple(target.shape), tuple(result.shape)))

    def _draw(self, name: str, func: Callable[..., Any], args: Any, kwargs: Any) -> None:
        if "dropout" in name or name == "rrelu":
            known = dict(zip(("input", "p", "training"), args, strict=False)) | kwargs
            if name != "dropout_" and (not known.get("training", True) or known.get("p", 0.5) == 0):
                return
        elif name == "scaled_dot_product_attention":
            chance = args[4] if len(args) > 4 else kwargs.get("dropout_p", 0.0)
            if not chance:
                return
            name = "scaled_dot_product_attention(dropout_p=…)"
        elif not (resolve_name(func) or "").startswith("torch"):
            return
        if name not in self.draws:
            self.draws.append(name)


def _options(args: Any, kwargs: dict[str, Any]) -> dict[str, Any]:
    """The loss's options: its third positional argument is its weight."""
    return {**({"weight": args[2]} if len(args) > 2 else {}), **kwargs}


def _in_range(prediction: torch.Tensor, target: torch.Tensor, ignored: int) -> None:
    """Raises UserError for a class that the model has no output for: on a GPU torch would end the process's use of it."""
    if target.is_floating_point() or not target.numel() or not prediction.dim():
        return
    classes = prediction.shape[1] if prediction.dim() > 1 else prediction.shape[0]
    counted = target[target != ignored]
    if counted.numel() and (int(counted.max()) >= classes or int(counted.min()) < 0):
        low, high = int(counted.min()), int(counted.max())
        raise UserError(
            f"targets run from {low} to {high} and the model has {classes} outputs (shape {list(prediction.shape)}); "
            f"give it {max(high + 1, classes)} outputs, or count classes from 0"
        )
