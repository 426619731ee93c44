"""Bootstrap intervals: as wide as theory says, the same each time, and absent where they would be wrong."""

from contextlib import nullcontext
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn
from torchmetrics import MeanMetric, Metric, MetricCollection
from torchmetrics.classification import BinaryAUROC, MulticlassAccuracy, MulticlassF1Score
from torchmetrics.regression import MeanAbsoluteError, R2Score

from glassloop.kit import metrics
from glassloop.kit.data import InMemory, make_loader


def found(make, outputs, targets, measure=None, batch_size=64):
    """The intervals of a model that passes its input on, and the scores that they surround."""
    task = SimpleNamespace(
        make_metrics=make,
        measure=measure or (lambda collection, outputs, batch: collection.update(outputs, batch[1])),
        loss=lambda model, batch: (torch.zeros(()), model(batch[0])),
    )
    loader = make_loader(InMemory(outputs, targets), batch_size, seed=0, shuffle=False, workers=0)
    whole = make()
    task.measure(whole, outputs, (outputs, targets))
    scores = {f"val_{name}": float(value) for name, value in whole.compute().items()}
    cpu = torch.device("cpu")
    return metrics.intervals(task, nn.Identity(), loader, cpu, nullcontext(), scores=scores), scores


def classified(number, right, classes=3):
    """Logits and labels of which a share is right, the wrong ones anywhere."""
    generator = torch.Generator().manual_seed(1)
    labels = torch.randint(classes, (number,), generator=generator)
    wrong = torch.rand(number, generator=generator) >= right
    guess = torch.where(wrong, (labels + 1) % classes, labels)
    return nn.functional.one_hot(guess, classes).float(), labels


def test_accuracy_is_as_unsure_as_a_binomial_share():
    logits, labels = classified(400, 0.9)
    make = lambda: MetricCollection({"accuracy": MulticlassAccuracy(3, average="micro"), "f1": MulticlassF1Score(3)})  # noqa: E731
    intervals, scores = found(make, logits, labels)
    share = scores["val_accuracy"]
    low, high = intervals["val_accuracy_interval"]
    half = 1.96 * (share * (1 - share) / 400) ** 0.5
    assert [low, high] == pytest.approx([share - half, share + half], abs=0.008)
    assert low < share < high
    assert intervals["val_f1_interval"][0] < scores["val_f1"] < intervals["val_f1_interval"][1]
    assert intervals == found(make, logits, labels, batch_size=37)[0]  # the same, however the set is cut into batches
    line = metrics.with_intervals({**scores, **intervals})
    assert line.startswith(f"val_accuracy {share:.4f} [{low:.4f}, {high:.4f}]  val_f1 ")


def test_a_mean_is_as_unsure_as_its_standard_error():
    torch.manual_seed(0)
    outputs, targets = torch.randn(300), torch.zeros(300)
    make = lambda: MetricCollection({"mae": MeanAbsoluteError()})  # noqa: E731
    intervals, scores = found(make, outputs, targets)
    low, high = intervals["val_mae_interval"]
    half = 1.96 * float(outputs.abs().std()) / 300**0.5
    assert [low, high] == pytest.approx([scores["val_mae"] - half, scores["val_mae"] + half], abs=0.02)


def test_several_states_and_a_ratio_of_them():
    torch.manual_seed(0)
    targets = torch.randn(200)
    intervals, scores = found(lambda: MetricCollection({"r2": R2Score()}), targets + 0.5 * torch.randn(200), targets)
    low, high = intervals["val_r2_interval"]
    assert 0.5 < low < scores["val_r2"] < high < 0.9


def test_metrics_that_keep_their_samples():
    torch.manual_seed(0)
    labels = torch.arange(120) % 2
    logits = torch.randn(120) + labels
    make = lambda: MetricCollection({"auroc": BinaryAUROC()})  # noqa: E731
    intervals, scores = found(make, logits.sigmoid(), labels)
    low, high = intervals["val_auroc_interval"]
    assert low < scores["val_auroc"] < high
    assert 0.05 < high - low < 0.3
    # Of a set that has a value outside [0, 1], torchmetrics takes all for logits: one by one, it would take some for shares.
    assert found(make, logits, labels)[0] == {}


def test_of_a_large_set_a_part_is_looked_at(monkeypatch):
    logits, labels = classified(4000, 0.8)
    make = lambda: MetricCollection({"accuracy": MulticlassAccuracy(3, average="micro")})  # noqa: E731
    whole, scores = found(make, logits, labels)
    monkeypatch.setattr(metrics, "MOST", 500)
    part, _ = found(make, logits, labels)
    assert part != whole
    width = np.diff(whole["val_accuracy_interval"])[0]
    assert np.diff(part["val_accuracy_interval"])[0] == pytest.approx(width, rel=0.25)
    low, high = part["val_accuracy_interval"]
    assert low < scores["val_accuracy"] < high


class LastBatch(Metric):
    """Not a sum over samples: it forgets all but the last ones."""

    def __init__(self):
        super().__init__()
        self.add_state("value", torch.zeros(()), dist_reduce_fx="sum")

    def update(self, outputs, targets):
        self.value = outputs.mean()

    def compute(self):
        return self.value


def test_silent_where_samples_do_not_add_up():
    outputs, targets = torch.arange(50.0), torch.zeros(50)
    assert found(lambda: MetricCollection({"last": LastBatch()}), outputs, targets)[0] == {}
    mean = lambda collection, outputs, batch: collection["mean"].update(outputs)  # noqa: E731
    intervals, scores = found(lambda: MetricCollection({"mean": MeanMetric()}), outputs, targets, mean)
    assert intervals["val_mean_interval"][0] < scores["val_mean"] == 24.5
    assert found(lambda: MetricCollection({}), outputs, targets)[0] == {}


def test_neither_model_nor_generators_move():
    logits, labels = classified(50, 0.7)
    before = torch.get_rng_state(), np.random.get_state()[1].copy()
    found(lambda: MetricCollection({"accuracy": MulticlassAccuracy(3)}), logits, labels)
    assert torch.equal(before[0], torch.get_rng_state())
    assert (before[1] == np.random.get_state()[1]).all()
