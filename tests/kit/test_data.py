"""A loader whose samples depend on (seed, epoch, index) alone, whoever loads them and wherever it begins."""

import random
from typing import NamedTuple

import numpy as np
import pytest
import torch
from torch.utils.data import BatchSampler, DataLoader, Dataset, IterableDataset, TensorDataset

from glassloop.errors import UserError
from glassloop.kit import data, seeding


class Drawing(Dataset):
    """Samples whose transform draws from all three global generators, as torchvision's and many people's own do."""

    def __init__(self, size=11):
        self.size = size
        self.read = []

    def __len__(self):
        return self.size

    def __getitem__(self, index):
        self.read.append(index)
        drawn = [torch.rand(()).item(), float(np.random.rand()), random.random(), float(torch.randn(()))]
        return torch.tensor([index, *drawn], dtype=torch.float64)


def jitter(batch, draw):
    values, labels = batch
    return values + draw(3), labels


def in_memory(size=11):
    return data.InMemory(torch.arange(size * 3.0).reshape(size, 3), torch.arange(size), augment=jitter)


def make(dataset, batch_size=4, seed=5, shuffle=True, workers=0):
    return data.make_loader(dataset, batch_size, seed=seed, shuffle=shuffle, workers=workers)


def passes(loader, *positions):
    """The batches of a pass from each (epoch, first batch)."""
    found = []
    for epoch, first in positions:
        data.order_of(loader).set_position(epoch, first)
        found.append(list(loader))
    return found


def equal(first, second):
    if isinstance(first, torch.Tensor):
        return torch.equal(first, second)
    return len(first) == len(second) and all(equal(a, b) for a, b in zip(first, second, strict=True))


@pytest.fixture(autouse=True)
def generators_left_alone():
    with seeding.kept_rng():
        yield


def global_generators():
    with seeding.kept_rng():
        return torch.rand(4).tolist(), np.random.rand(4).tolist(), random.random()


# ---- order and randomness ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dataset", [Drawing, in_memory])
def test_workers_and_their_persistence_change_nothing(dataset):
    positions = [(0, 0), (1, 0), (1, 1), (7, 2), (0, 0)]  # forwards, from the middle, and back again
    alone = passes(make(dataset()), *positions)
    assert equal(passes(make(dataset(), workers=2), *positions), alone)  # one loader: its workers live through all passes
    for position, expected in zip(positions, alone, strict=True):
        assert equal(passes(make(dataset()), position)[0], expected)  # nor does what was read before
    first, second, later = alone[0], alone[1], alone[2]
    assert equal(first, alone[4])
    assert not equal(first, second)
    assert equal(later, second[1:])


def test_a_sample_is_the_same_in_any_batch():
    by_four, by_five = passes(make(Drawing()), (2, 0))[0], passes(make(Drawing(), batch_size=5), (2, 0))[0]
    assert torch.equal(torch.cat(by_four), torch.cat(by_five))


def test_samples_differ_by_index_epoch_and_seed():
    first, second = (torch.cat(batches)[:, 1:] for batches in passes(make(Drawing(50)), (0, 0), (1, 0)))
    other = torch.cat(passes(make(Drawing(50), seed=6), (0, 0))[0])[:, 1:]
    values = torch.cat((first, second, other)).flatten()
    assert len(values.unique()) == len(values)


@pytest.mark.parametrize("workers", [0, 2])
def test_iterating_leaves_the_models_generators_alone(workers):
    """With 0 workers the transforms run in the process whose generators dropout draws from."""
    before = global_generators()
    for dataset in (Drawing(), in_memory()):
        loader = make(dataset, workers=workers)
        passes(loader, (0, 0), (1, 1))
    assert global_generators() == before


def test_every_sample_once_an_epoch():
    loader = make(Drawing())
    assert len(loader) == 3
    first, second = (torch.cat(batches)[:, 0].long().tolist() for batches in passes(loader, (0, 0), (1, 0)))
    assert sorted(first) == sorted(second) == list(range(11))
    assert first != second
    assert first == seeding.permutation(11, 5, 0).tolist()
    in_order = passes(make(Drawing(), shuffle=False), (3, 0))[0]
    assert torch.cat(in_order)[:, 0].tolist() == list(range(11))


def test_what_is_skipped_is_not_loaded():
    dataset = Drawing()
    batches = passes(make(dataset), (4, 2))[0]
    assert dataset.read == seeding.permutation(11, 5, 4)[8:].tolist()
    assert [len(batch) for batch in batches] == [3]
    dataset.read.clear()
    assert passes(make(dataset), (4, 3)) == [[]]  # stopped after the epoch's last batch, before its evaluation
    assert dataset.read == []


# ---- the fast path -------------------------------------------------------------------------------------------------------


def count_calls(monkeypatch, work):
    """How often rows are read from a tensor, and batches put together from samples."""
    calls = {"read": 0, "stack": 0}

    def counted(name, real):
        def call(*args, **kwargs):
            calls[name] += 1
            return real(*args, **kwargs)

        return call

    with monkeypatch.context() as patch:
        for name in ("__getitem__", "index_select"):
            patch.setattr(torch.Tensor, name, counted("read", getattr(torch.Tensor, name)))
        patch.setattr(torch, "stack", counted("stack", torch.stack))
        work()
    return calls


def test_tensors_are_read_a_batch_at_a_time(monkeypatch):
    tensors = torch.randn(640, 3), torch.arange(640)
    fast = make(data.InMemory(*tensors), batch_size=64)
    slow = DataLoader(TensorDataset(*tensors), batch_size=64)
    ours, theirs = (count_calls(monkeypatch, lambda loader=loader: list(loader)) for loader in (fast, slow))
    assert ours == {"read": 20, "stack": 0}  # 10 batches of two tensors
    assert theirs["read"] >= 1280
    assert theirs["stack"] == 20


def test_one_sample_is_not_augmented():
    values, label = in_memory()[2]
    assert values.tolist() == [6.0, 7.0, 8.0]
    assert label == 2


def test_the_last_batch_is_short_and_augmented_by_its_own_keys():
    batches = passes(make(in_memory(), shuffle=False), (0, 0))[0]
    assert [len(labels) for _, labels in batches] == [4, 4, 3]
    expected = torch.arange(24.0, 33.0).reshape(3, 3) + seeding.uniform(5, 0, np.arange(8, 11), 3)
    assert torch.equal(batches[2][0], expected)


def test_first_batch_is_fixed():
    """Also what an augmentation draws: it is drawn once, by the samples' keys."""
    for dataset in (in_memory(), [torch.tensor([float(n)]) for n in range(11)]):
        chosen = data.first_batch(dataset, 4, 5)
        assert len(chosen) == 4
        one, two = passes(make(chosen), (0, 0), (1, 0))
        assert len(one) == 1
        rows = [torch.as_tensor(batch[0][0] if isinstance(batch[0], (tuple, list)) else batch[0]) for batch in (one, two)]
        assert torch.equal(rows[0].sort(dim=0).values, rows[1].sort(dim=0).values)  # the same samples, in another order
    chosen = data.first_batch(in_memory(), 4, 5)
    assert chosen.augment is None
    keys = data.Keys(5, 0, seeding.permutation(11, 5, 0)[:4])
    assert torch.equal(chosen.tensors[0], in_memory().__getitems__(keys)[0])
    assert len(data.first_batch(in_memory(), 100, 5)) == 11


# ---- the loader that is built --------------------------------------------------------------------------------------------


def test_defaults_of_workers_and_pinning():
    assert make(in_memory(), workers=None).num_workers == 0
    drawing = make(Drawing(), workers=None)
    assert 1 <= drawing.num_workers <= 4
    assert drawing.persistent_workers
    assert not drawing.pin_memory
    on_gpu = data.make_loader(in_memory(), 4, seed=0, shuffle=True, device=torch.device("cuda"))
    assert on_gpu.pin_memory


def test_a_collate_of_ones_own():
    loader = data.make_loader(Drawing(), 4, seed=0, shuffle=False, workers=0, collate=len)
    assert list(loader) == [4, 4, 3]


class Stream(IterableDataset):
    def __iter__(self):
        return iter(range(3))


@pytest.mark.parametrize(
    ("build", "words"),
    [
        (lambda: make([]), "list is empty; give at least one sample"),
        (lambda: make(data.InMemory(torch.zeros(0, 3))), "InMemory is empty"),
        (lambda: make(in_memory(), batch_size=0), "batch_size is 0; give at least 1"),
        (
            lambda: make(in_memory(), batch_size=12),
            "batch_size is 12, and there are 11 samples to train on; give at most 11",
        ),
        (lambda: make(in_memory(), workers=-1), "workers is -1; give 0"),
        (lambda: make(Stream()), "Stream has no length; give a map-style dataset"),
        (data.InMemory, "needs at least one tensor"),
        (lambda: data.InMemory(torch.zeros(3, 2), torch.zeros(4)), "differ in length (3, 4)"),
        (lambda: data.InMemory(torch.tensor(3.0)), "a tensor without a first dimension"),
        (lambda: data.InMemory(np.zeros((3, 2))), "a numpy.ndarray; give tensors"),
        (lambda: data.order_of(DataLoader([1, 2])), "not made by kit.data.make_loader"),
        (lambda: data.order_of(DataLoader([1], batch_sampler=BatchSampler([0], 1, False))), "not made by kit.data"),
    ],
)
def test_what_cannot_work_is_refused_in_one_line(build, words):
    with pytest.raises(UserError) as caught:
        build()
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_validation_set_smaller_than_a_batch_works_with_a_note(capsys):
    loader = make(in_memory(3), shuffle=False)
    assert "note: 3 validation samples make one batch shorter than 4" in capsys.readouterr().err
    assert [len(labels) for _, labels in loader] == [3]


# ---- the helpers ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("size", "length"), [(7, 3), (6, 3), (1, 4), (0, 2), (5, 1)])
def test_windows_hold_everything_once(size, length):
    found = list(data.windows(iter(range(size)), length))
    assert [item for window in found for item in window] == list(range(size))
    assert all(len(window) == length for window in found[:-1])
    assert all(0 < len(window) <= length for window in found)


class Pair(NamedTuple):
    first: torch.Tensor
    second: list


def test_to_device_keeps_the_shape_of_a_batch():
    one = torch.ones(2)
    batch = {"a": one, "b": (one, [one, "text"]), "c": Pair(one, [one, 3])}
    moved = data.to_device(batch, torch.device("meta"))
    assert moved["a"].is_meta
    assert type(moved["b"]) is tuple
    assert moved["b"][1][0].is_meta
    assert moved["b"][1][1] == "text"
    assert isinstance(moved["c"], Pair)
    assert moved["c"].second[0].is_meta
    assert moved["c"].second[1] == 3
