"""Try one batch before training: a wrong shape, dtype or a NaN is named here, not as a stack trace from inside torch."""

from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import nn
from torch.utils.data import DataLoader

from glassloop.errors import UserError
from glassloop.kit import data, seeding


def check_first_batch(
    model: nn.Module,
    loader: DataLoader[Any],
    loss: Callable[[nn.Module, Any], tuple[torch.Tensor, Any]],
    device: torch.device,
) -> None:
    """Read epoch 0's first batch in this process and compute its loss once, changing neither model nor generators.

    Runs in evaluation mode without a graph, so batch-norm and dropout are left alone. Raises UserError.
    """
    order = data.order_of(loader)
    order.set_position(0)
    was_training = model.training
    with seeding.kept_rng():
        fetch = getattr(loader.dataset, "__getitems__")  # noqa: B009  # a Dataset's type does not declare it
        batch = loader.collate_fn(fetch(next(iter(order))))
        shown = describe(batch)
        for name, tensor in _tensors(batch, "batch"):
            if tensor.is_floating_point() and not bool(torch.isfinite(tensor).all()):
                bad = int((~torch.isfinite(tensor)).sum())
                raise UserError(f"{name} of the first batch holds {bad} values that are NaN or infinite; clean the data")
        try:
            with torch.no_grad():
                value, _ = loss(model.eval(), data.to_device(batch, device))
        except (RuntimeError, TypeError, ValueError, IndexError, AttributeError) as error:
            reason = (str(error).splitlines() or [type(error).__name__])[0]
            raise UserError(f"the model cannot take the first batch, {shown}: {reason}. Fix data or model") from error
        finally:
            model.train(was_training)
    if value.dim() != 0 or not value.is_floating_point():
        kind = f"{value.dtype} of shape {list(value.shape)}"
        raise UserError(f"the loss of the first batch is {kind}; return its mean, one float")
    if not bool(torch.isfinite(value)):
        remedy = "before any step; fix the data or the model"
        raise UserError(f"the loss of the first batch, {shown}, is {float(value)} {remedy}")


def describe(batch: Any) -> str:
    """Shapes and dtypes of a batch in one line, as `batch[0] float32 [64, 1, 8, 8], batch[1] int64 [64]`."""
    tensors = [f"{name} {str(t.dtype).removeprefix('torch.')} {list(t.shape)}" for name, t in _tensors(batch, "batch")]
    return ", ".join(tensors) or type(batch).__name__


def _tensors(value: Any, name: str) -> Iterator[tuple[str, torch.Tensor]]:
    if isinstance(value, torch.Tensor):
        yield name, value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _tensors(item, f"{name}[{key!r}]")
    elif isinstance(value, (list, tuple)):
        for position, item in enumerate(value):
            yield from _tensors(item, f"{name}[{position}]")
