"""How far a validation metric could be off, had other samples been kept for validation: bootstrap intervals.

For any torchmetrics metric whose state is a sum over samples or a list of them, which is nearly all.
"""

import math
from collections.abc import Sequence
from contextlib import AbstractContextManager
from types import ModuleType
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.utils.data import DataLoader
from torchmetrics import Metric, MetricCollection
from torchmetrics.utilities import dim_zero_cat, dim_zero_sum

from glassloop.kit import data, distributed

MOST = 5_000  # samples looked at one by one; a larger set is represented by that many of its own


@torch.inference_mode()
def intervals(
    task: ModuleType,
    model: nn.Module,
    loader: DataLoader[Any],
    device: torch.device,
    autocast: AbstractContextManager[Any],
    *,
    scores: dict[str, float],
    draws: int = 1000,
    share: float = 0.95,
) -> dict[str, list[float]]:
    """`{"val_accuracy_interval": [low, high], ...}` for the metrics among `scores`: the middle 95 % of 1,000 draws.

    A draw takes as many samples of the validation set as it has, each as often as chance wants (Efron 1979), and computes
    the metric of those; seeded, so it is the same each time. It says how much the choice of samples matters, and nothing
    about another seed or another training run. Costs one pass over `loader`, and about 0.3 ms a sample.
    Every process of several has to call it.
    A metric that is not a function of its samples' states, or does not give its score in `scores` again, gets none.
    """
    metrics = _apart(task.make_metrics())
    mine = _look(task, model, loader, device, autocast, metrics)
    # Of several processes each has looked at its part; sorted, they are what one alone would have seen.
    samples = sorted((sample for part in distributed.gather(mine) for sample in part), key=lambda sample: sample["index"])
    size = data.order_of(loader).size
    found: dict[str, list[float]] = {}
    for name, metric in metrics.items():
        key = f"val_{name}"
        if key in scores and _adds_up(metric):
            interval = _interval(metric, [sample[name] for sample in samples], scores[key], draws, share, size)
            found |= {f"{key}_interval": interval} if interval else {}
    return found


def _look(
    task: ModuleType,
    model: nn.Module,
    loader: DataLoader[Any],
    device: torch.device,
    autocast: AbstractContextManager[Any],
    metrics: MetricCollection,
) -> list[dict[str, Any]]:
    """For each sample its place in the set, as `index`, and what each metric would know if it had seen that one alone."""
    order = data.order_of(loader)
    every = -(-order.size // MOST)
    was_training = model.training
    model.eval()
    samples = []
    order.set_position(0)
    for number, batch in enumerate(loader):
        with autocast:
            _, outputs = task.loss(model, data.to_device(batch, device))
        outputs = data.to_device(outputs, torch.device("cpu"))
        length = _length(batch)
        for row in range(length):
            index = number * order.batch_size + row * order.world + order.rank
            if index % every:
                continue
            task.measure(metrics, _row(outputs, row, length), _row(batch, row, length))
            samples.append({"index": index, **{name: _state(metric) for name, metric in metrics.items()}})
            metrics.reset()
    model.train(was_training)
    return samples


def with_intervals(scores: dict[str, Any]) -> str:
    """The intervals among `scores` in a line, as `val_accuracy 0.9861 [0.9722, 0.9972]`; empty where there is none."""
    parts = []
    for name, value in scores.items():
        if f"{name}_interval" in scores:
            low, high = scores[f"{name}_interval"]
            parts.append(f"{name} {value:.4f} [{low:.4f}, {high:.4f}]")
    return "  ".join(parts)


def _apart(metrics: MetricCollection) -> MetricCollection:
    """Without the groups in which metrics share a state, and on the CPU: a thousand small updates are quicker there."""
    named: dict[str, Metric | MetricCollection] = dict(metrics.items(keep_base=True, copy_state=False))
    apart = MetricCollection(named, prefix=metrics.prefix, postfix=metrics.postfix, compute_groups=False)
    return apart.cpu()


def _adds_up(metric: Metric) -> bool:
    return all(how in (dim_zero_sum, dim_zero_cat) for how in metric._reductions.values())


def _row(value: Any, row: int, size: int) -> Any:
    """One sample of a batch, as a batch of one: of each tensor that has a row a sample."""
    if isinstance(value, torch.Tensor):
        return value[row : row + 1] if value.dim() and len(value) == size else value
    if isinstance(value, dict):
        return {key: _row(item, row, size) for key, item in value.items()}
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value)(*(_row(item, row, size) for item in value))
    if isinstance(value, (list, tuple)):
        return type(value)(_row(item, row, size) for item in value)
    return value


def _length(batch: Any) -> int:
    """How many samples a batch holds: the length of its first tensor."""
    while not isinstance(batch, torch.Tensor):
        batch = next(iter(batch.values())) if isinstance(batch, dict) else batch[0]
    return len(batch)


def _state(metric: Metric) -> dict[str, torch.Tensor]:
    """A copy of what the metric knows; a list of one sample's values as one tensor."""
    held = {name: getattr(metric, name) for name in metric._reductions}
    return {name: dim_zero_cat(value) if isinstance(value, list) else value.clone() for name, value in held.items()}


def _interval(
    metric: Metric, states: Sequence[dict[str, torch.Tensor]], score: float, draws: int, share: float, size: int
) -> list[float] | None:
    """None where the samples' states together do not make the score that the whole set has."""
    number = len(states)
    rng = np.random.default_rng(0)
    rows = np.stack([np.arange(number), *(rng.integers(number, size=number) for _ in range(draws))])
    whole, *drawn = _computed(metric, states, rows)
    values = np.array([value for value in drawn if math.isfinite(value)])
    if len(values) < draws / 2:  # of most draws it is undefined, as R2 of equal targets is
        return None
    low, high = (float(bound) for bound in np.quantile(values, [(1 - share) / 2, (1 + share) / 2]))
    if number == size:
        return [low, high] if math.isclose(whole, score, rel_tol=1e-3, abs_tol=1e-3) else None
    # Looked at a part: the whole has more samples, and its score is that much surer.
    narrower, middle = math.sqrt(number / size), float(values.mean())
    return [score + (low - middle) * narrower, score + (high - middle) * narrower]


def _computed(metric: Metric, states: Sequence[dict[str, torch.Tensor]], rows: NDArray[np.int64]) -> list[float]:
    """The metric of each of the drawings in `rows`, (drawings, samples drawn)."""
    metric.sync_on_compute = False  # each process has all samples' states
    summed: dict[str, torch.Tensor] = {}
    joined: dict[str, list[torch.Tensor]] = {}
    for name, how in metric._reductions.items():
        parts = [state[name] for state in states]
        if how is dim_zero_sum:
            counts = torch.from_numpy(np.stack([np.bincount(row, minlength=len(parts)) for row in rows])).double()
            totals = counts @ torch.stack(parts).double().reshape(len(parts), -1)  # all drawings at once
            summed[name] = totals.to(parts[0].dtype).view(len(rows), *parts[0].shape)
        else:
            joined[name] = parts
    values = []
    for place, row in enumerate(rows):
        metric.reset()
        for name, totals in summed.items():
            setattr(metric, name, totals[place])
        for name, parts in joined.items():
            setattr(metric, name, [torch.cat([parts[sample] for sample in row.tolist()])])
        metric._update_count = 1  # or `compute` warns that nothing was measured
        values.append(float(metric.compute()))
    return values
