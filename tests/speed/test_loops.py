"""The tuned loop trains on the standard loop's samples and computes what it computes; where a row does not, that is said."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from glassloop.speed import loops, material
from glassloop.speed.catalogue import BATCH, STANDARD, TASKS, TECHNIQUES, Settings
from glassloop.speed.material import Material, jpeg, text

CPU = torch.device("cpu")
ALL = Settings(channels_last=True, packed=True, cached=True)  # whatever a trial may choose, but threads and compile


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jpeg, "SIZES", {"jpeg-light": (320, 240, 40), "jpeg-heavy": (800, 600, 40)})
    monkeypatch.setattr(text, "STEPS", 8)


def made(task: str, folder: Path) -> Material:
    material.prepare(task, folder)
    return material.make(task, folder)


def steps(given: Material, how: Any, epochs: int = 1, exact: bool = True) -> tuple[list[Any], list[float]]:
    """What a loop's model was given, and the loss of each step; in float64, where rounding hides no mistake, if `exact`."""
    seen: list[Any] = []
    losses: list[float] = []

    def loss(outputs: Any, targets: Any) -> Any:
        value = given.loss(outputs, targets)
        losses.append(value.item())
        return value

    heard = replace(given, loss=loss)
    is_tuned = isinstance(how, Settings)
    trained = loops.tuned(heard, how, CPU) if is_tuned else loops.standard(heard, how, CPU)

    def before(_model: Any, inputs: Any) -> Any:
        seen.append(inputs[0].clone())
        return (inputs[0].double(),) if exact and inputs[0].is_floating_point() else inputs

    if exact:
        trained.model.double()  # keeps the parameters' identity, so the optimizer's are these
    trained.model.register_forward_pre_hook(before)
    for number in range(epochs):
        trained.epoch(number)
    return seen, losses


@pytest.mark.parametrize("task", TASKS)
def test_tuned_and_standard_see_the_same_samples_and_reach_the_same_loss(task, tmp_path):
    given = made(task, tmp_path)
    epochs = 2 if task == "digits-mlp" else 1
    seen, losses = steps(given, TECHNIQUES[STANDARD], epochs)
    assert len(losses) == given.steps * epochs
    for settings in (Settings(), ALL):
        seen_too, losses_too = steps(given, settings, epochs)
        assert all(torch.equal(a, b) for a, b in zip(seen, seen_too, strict=True)), settings
        assert losses_too == pytest.approx(losses, rel=1e-8), settings


def test_in_fp32_the_losses_are_equal_to_rounding_and_in_bf16_they_are_not(tmp_path):
    given = made("digits-mlp", tmp_path)
    _, losses = steps(given, TECHNIQUES[STANDARD], exact=False)
    _, fp32 = steps(given, Settings(), exact=False)
    _, bf16 = steps(given, TECHNIQUES["amp"], exact=False)
    assert fp32 == pytest.approx(losses, rel=1e-4)
    assert bf16 != pytest.approx(losses, rel=1e-4)
    assert bf16 == pytest.approx(losses, rel=0.05)


def test_an_epoch_is_each_sample_once_in_another_order_each_time():
    order = material.Order(100)
    first, second = order.addresses(0), order.addresses(1)
    assert sorted(first) == sorted(second) == list(range(100))
    assert first != second
    assert order.addresses(0) == first


def test_workers_augment_as_the_process_itself_does(tmp_path):
    given = made("jpeg-light", tmp_path)
    seen, _ = steps(given, TECHNIQUES[STANDARD], epochs=2)
    seen_by_workers, _ = steps(given, replace(TECHNIQUES["loader"], workers=2), epochs=2)
    assert all(torch.equal(a, b) for a, b in zip(seen, seen_by_workers, strict=True))
    sums = [sorted(image.sum().item() for batch in seen[part] for image in batch) for part in (slice(2), slice(2, 4))]
    assert sums[0] != sums[1]  # each epoch crops and flips anew


def test_draft_leaves_pixels_as_they_are_or_nearly(tmp_path):
    """A lower scale is taken only where it is at least twice what is asked for."""
    for task, at_least, at_most in (("jpeg-light", 0, 0), ("jpeg-heavy", 0.01, 3)):
        folder = tmp_path / task
        folder.mkdir()
        path = made(task, folder).dataset.paths[0]  # type: ignore[attr-defined]
        apart = abs(jpeg.decode(path).astype(int) - jpeg.decode(path, draft=True)).mean()
        assert at_least <= apart <= at_most


def test_accumulation_over_four_batches_is_a_step_on_all_of_them(tmp_path):
    given = made("digits-mlp", tmp_path)
    rows = given.order.rows(0)[: 8 * BATCH]
    inputs, targets = given.dataset.tensors  # type: ignore[attr-defined]

    class First(material.Order):
        def addresses(self, _epoch: int) -> list[Any]:
            return rows.tolist()

    short = replace(given, order=First(8 * BATCH))
    trained = loops.standard(short, TECHNIQUES["accumulation"], CPU)
    trained.model.double()
    trained.model.register_forward_pre_hook(lambda _model, given: (given[0].double(),))
    trained.epoch(0)
    torch.manual_seed(material.SEED)
    model = given.make_model(Settings()).double()
    optimizer = torch.optim.Adam(model.parameters(), lr=loops.RATE)
    for large in rows.split(4 * BATCH):
        optimizer.zero_grad()
        given.loss(model(inputs[large].double()), targets[large]).backward()
        optimizer.step()
    for one, other in zip(model.parameters(), trained.model.parameters(), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-8, atol=1e-10)
