"""Figures read late and together, with the bits they would have had one by one."""

import random

import pytest
import torch

from glassloop.errors import UserError
from glassloop.kit.meter import Meter

LOSSES = [random.Random(0).uniform(0, 3) for _ in range(50)]
ITEMS = [random.Random(1).randint(1, 64) for _ in range(50)]


def filled(read_after):
    meter = Meter()
    counts = 0
    for step, (loss, items) in enumerate(zip(LOSSES, ITEMS, strict=True), 1):
        meter.add(step, [torch.tensor(loss)], torch.tensor(loss / 2), items, step / 10)
        if step in read_after:
            counts += meter.read()
    counts += meter.read()
    assert counts == sum(ITEMS)
    return meter


def test_the_moment_of_reading_changes_no_bit():
    whole = filled(())
    for read_after in (range(1, 51), range(7, 51, 7), (49,), (1, 2, 30)):
        assert filled(read_after).state() == whole.state()
    exact = sum(torch.tensor(loss).item() * items for loss, items in zip(LOSSES, ITEMS, strict=True))
    assert whole.total == exact
    assert whole.mean() == exact / sum(ITEMS)


def test_resumed_in_the_middle_ends_with_the_same_bits():
    whole = filled(())
    for stop in (1, 20, 49):
        before, after = Meter(), Meter()
        for step in range(stop):
            before.add(step, [torch.tensor(LOSSES[step])], torch.tensor(LOSSES[step] / 2), ITEMS[step], (step + 1) / 10)
        before.read()
        after.load_state(before.state())
        for step in range(stop, 50):
            after.add(step, [torch.tensor(LOSSES[step])], torch.tensor(LOSSES[step] / 2), ITEMS[step], (step + 1) / 10)
        after.read()
        assert after.state() == whole.state()


def test_adding_keeps_the_tensors_where_they_are(monkeypatch):
    monkeypatch.setattr(torch.Tensor, "tolist", lambda self: pytest.fail("a sync"))
    monkeypatch.setattr(torch.Tensor, "item", lambda self: pytest.fail("a sync"))
    meter = Meter()
    meter.add(1, [torch.tensor(1.0)], torch.tensor(1.0), 4, 0.1)


@pytest.mark.parametrize(
    ("loss", "norm", "name"),
    [
        (float("nan"), 1.0, "loss"),
        (float("-inf"), 1.0, "loss"),
        (1.0, float("nan"), "gradient norm"),
        (1.0, float("inf"), "gradient norm"),
    ],
)
def test_the_step_of_a_nan_is_named(loss, norm, name):
    meter = Meter()
    for step in range(1, 6):
        bad = step == 3
        meter.add(step, [torch.tensor(loss if bad else 1.0)], torch.tensor(norm if bad else 1.0), 4, 0.1)
    with pytest.raises(UserError, match=f"the {name} of step 3 is") as caught:
        meter.read()
    assert "\n" not in str(caught.value)


def test_an_overflowing_gradient_may_pass_a_loss_may_not():
    """A GradScaler scales gradients, so they alone overflow while it looks for its scale; a NaN loss is the data's."""
    meter = Meter()
    meter.add(1, [torch.tensor(2.0)], torch.tensor(float("inf")), 4, 0.1)
    meter.add(2, [torch.tensor(1.0)], torch.tensor(3.0), 4, 0.1)
    assert meter.read(overflow_allowed=True) == 8
    assert meter.mean() == 1.5
    meter.add(3, [torch.tensor(float("nan"))], torch.tensor(float("nan")), 4, 0.1)
    with pytest.raises(UserError, match="the loss of step 3 is nan"):
        meter.read(overflow_allowed=True)


def test_types_of_loss_and_norm_may_differ():
    meter = Meter()
    meter.add(1, [torch.tensor(1.5, dtype=torch.bfloat16)], torch.tensor(2.5), 4, 0.1)
    meter.add(2, [torch.tensor(0.1, dtype=torch.float64)], torch.tensor(2.5), 4, 0.1)
    meter.read()
    assert meter.loss == 0.1
    assert meter.total == 4 * 1.5 + 4 * 0.1


def test_nothing_read_is_nothing_said():
    meter = Meter()
    assert meter.read() == 0
    assert meter.mean() == 0
    meter.add(1, [torch.tensor(3.0)], torch.tensor(1.0), 2, 0.1)
    meter.read()
    meter.start_epoch()
    assert (meter.total, meter.items, meter.loss) == (0.0, 0, 3.0)
