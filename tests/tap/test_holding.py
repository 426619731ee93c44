"""Datasets that keep a generator, however deep; the cases of generator-held-by-dataset show what a watch makes of it."""

from __future__ import annotations

import functools
import random

import numpy as np
import pytest
import torch
from torch.utils.data import Dataset, Subset, TensorDataset

from glassloop.tap.holding import keeps_generator


class Changed(Dataset):  # type: ignore[type-arg]
    """A dataset with something in an attribute."""

    def __init__(self, change: object) -> None:
        self.change, self.rows = change, torch.zeros(4, 2)


def closure(thing: object) -> object:
    return lambda row: (row, thing)


def scaled(row: object, thing: object) -> object:
    return row, thing


GENERATORS = [np.random.default_rng(0), np.random.RandomState(0), torch.Generator(), random.Random(0)]


@pytest.mark.parametrize("generator", GENERATORS, ids=lambda g: type(g).__name__)
@pytest.mark.parametrize(
    "way",
    [
        lambda g: Changed(g),
        lambda g: Changed([closure(0), closure(g)]),
        lambda g: Changed(functools.partial(scaled, thing=g)),
        lambda g: Subset(Changed({"noise": Changed(g)}), [0, 1]),
    ],
    ids=["attribute", "closure", "partial", "within"],
)
def test_a_generator_is_found(way, generator):
    assert keeps_generator(way(generator))


def test_data_and_the_global_generators_are_none():
    itself = Changed(np.random)
    itself.again = itself  # type: ignore[attr-defined]
    for data in (TensorDataset(torch.zeros(3)), [1.0] * 10_000, Changed(torch.randn), Changed(closure(1)), itself):
        assert not keeps_generator(data)
