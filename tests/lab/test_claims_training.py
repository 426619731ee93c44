"""What the experiments train with: data that does not leak, a recipe that is followed, bytes that are counted once."""

import math

import pytest
import torch
from torch import nn

from glassloop.lab.claims.material import same, spiral, weights
from glassloop.lab.claims.training import Reader, Recipe, digits, fit, network, saved_bytes, score


def test_no_scan_is_trained_on_and_validated_with():
    (train, labels), (held_out, _) = digits()
    assert train.shape == (1437, 64)
    assert held_out.shape == (360, 64)
    assert train.min() >= 0
    assert train.max() <= 1
    assert set(labels.tolist()) == set(range(10))
    seen = {tuple(scan) for scan in train.tolist()}
    assert not any(tuple(scan) in seen for scan in held_out.tolist())


def test_a_run_learns_and_repeats():
    runs = []
    for _ in range(2):
        torch.manual_seed(0)
        model = network()
        losses = fit(model, spiral(0), Recipe(epochs=3), seed=0)
        runs.append((losses, weights(model)))
    assert len(runs[0][0]) == 3 * 15
    assert runs[0][0][-1] < runs[0][0][0]
    assert runs[0][0] == runs[1][0]
    assert same(runs[0][1], runs[1][1])


def test_a_recipe_is_followed():
    torch.manual_seed(0)
    model = network()
    before, seen = weights(model), []
    fit(model, spiral(0), Recipe(epochs=1, rate=lambda step: 0.0, after_step=seen.append), seed=0)
    assert same(before, weights(model)), "rate 0 moves nothing"
    assert len(seen) == 15
    fit(model, spiral(0), Recipe(lr=1.0, epochs=1, optimizer="SGD", clip=1e-6), seed=0)
    assert (weights(model) - before).norm() <= 15 * 1e-6 * 1.01, "each step is no longer than rate times limit"
    losses = fit(model, spiral(0), Recipe(lr=1.0, optimizer="SGD", weigh=lambda step: 1e30), seed=0)
    assert math.isnan(losses[-1])
    assert len(losses) < 20 * 15, "a run ends where its loss is no number"


def test_a_score_leaves_the_mode_as_it_was():
    model = network(middle=lambda: nn.Dropout(0.5))
    for mode in (True, False):
        model.train(mode)
        assert score(model, spiral(0)) == score(model, spiral(0)), "in evaluation mode dropout is off"
        assert model.training is mode


@pytest.mark.parametrize("norm_first", [True, False])
def test_the_transformer_reads_scans(norm_first):
    assert Reader(norm_first)(torch.rand(3, 64)).shape == (3, 10)


def test_a_storage_is_counted_once():
    x = torch.ones(256, requires_grad=True)
    assert saved_bytes(lambda: x * x) == 1024, "one storage, though both factors are kept"
    assert saved_bytes(lambda: x.detach() * 2) == 0
