"""Try one batch before training: a wrong shape, dtype or a NaN is named here, not as a stack trace from inside torch."""

from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import torch
from torch import nn
from torch.utils.data import DataLoader

from glassloop.errors import UserError
from glassloop.kit import data, seeding

# What torch and Python raise for a shape, dtype, index, key or number of values that does not fit.
_MISFITS = (RuntimeError, TypeError, ValueError, LookupError, AttributeError, AssertionError)


PARTS = {
    "NAME": "the task's name, for its run folders",
    "DEFAULTS": "settings that differ from the loop's own, a dict",
    "GOAL": 'what makes a checkpoint the best, as ("val_accuracy", "max")',
    "SPLIT": "how validation data was set apart, a sentence",
    "make_data": "() -> training and validation set",
    "make_model": "() -> the model",
    "loss": "(model, batch) -> the batch's mean loss and the outputs",
    "count": "(batch) -> over how many items that is a mean",
    "make_metrics": "() -> a torchmetrics.MetricCollection",
    "measure": "(metrics, outputs, batch): adds a batch to the metrics",
    "after_epoch": "(model, epoch, folder): draws, or does nothing",
    "after_training": "(model, folder): draws, or does nothing",
}


def check_task(task: ModuleType) -> None:
    """Raise UserError, naming them all, where a task lacks what a loop will ask for, or its goal is never measured."""
    lacking = [f"{name} ({what})" for name, what in PARTS.items() if not hasattr(task, name)]
    if lacking:
        raise UserError(f"task.py lacks {', '.join(lacking)}; add it")
    scores = ["val_loss", *(f"val_{name}" for name in task.make_metrics())]
    if task.GOAL[0] not in scores or task.GOAL[1] not in ("min", "max"):
        raise UserError(f'GOAL in task.py is {task.GOAL}; name one of {", ".join(scores)}, and "min" or "max"')


def check_first_batch(
    model: nn.Module,
    loader: DataLoader[Any],
    loss: Callable[[nn.Module, Any], tuple[torch.Tensor, Any]],
    device: torch.device,
    of: str = "training",
) -> None:
    """Read epoch 0's first batch in this process and compute its loss once, changing neither model nor generators.

    `of` names the set in what is said.

    Runs in evaluation mode without a graph, so batch-norm and dropout are left alone. Raises UserError.
    """
    modes = [(module, module.training) for module in model.modules()]  # each its own: a frozen part stays frozen
    with seeding.kept_rng():
        try:
            batch = read_first_batch(loader)
        except _MISFITS as error:
            raise UserError(f"the first {of} batch cannot be put together: {_reason(error)}. Fix the data") from error
        shown = describe(batch)
        for name, tensor in _tensors(batch, "batch"):
            if tensor.is_floating_point() and not bool(torch.isfinite(tensor).all()):
                bad = int((~torch.isfinite(tensor)).sum())
                raise UserError(
                    f"{name} of the first {of} batch holds {bad} values that are NaN or infinite; clean the data"
                )
        try:
            with torch.no_grad():
                result = loss(model.eval(), data.to_device(batch, device))
        except _MISFITS as error:
            raise UserError(
                f"the model cannot take the first {of} batch, {shown}: {_reason(error)}. Fix data or model"
            ) from error
        finally:
            for module, training in modes:
                module.training = training
    if not isinstance(result, tuple) or len(result) != 2:
        raise UserError(f"the loss function returned a {type(result).__name__}; return two values, mean loss and outputs")
    _check_loss(result[0], f"the first {of} batch, {shown}")


def read_first_batch(loader: DataLoader[Any]) -> Any:
    """Epoch 0's first batch, read in this process and not by a worker."""
    order = data.order_of(loader)
    order.set_position(0)
    fetch = getattr(loader.dataset, "__getitems__")  # noqa: B009  # a Dataset's type does not declare it
    return loader.collate_fn(fetch(next(iter(order))))


def _check_loss(value: Any, batch: str) -> None:
    if not isinstance(value, torch.Tensor) or value.dim() != 0 or not value.is_floating_point():
        is_tensor = isinstance(value, torch.Tensor)
        kind = f"{value.dtype} of shape {list(value.shape)}" if is_tensor else type(value).__name__
        raise UserError(f"the loss of {batch}, is a {kind}; return its mean, a tensor of one float")
    if not bool(torch.isfinite(value)):
        remedy = "before any step; fix the data or the model"
        raise UserError(f"the loss of {batch}, is {float(value)} {remedy}")


def _reason(error: Exception) -> str:
    first_line = (str(error).splitlines() or [""])[0]
    return f"{type(error).__name__} {first_line}" if isinstance(error, KeyError) or not first_line else first_line


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
