"""Alone, nothing is asked and nothing is wrapped; what one of several processes gets of a batch."""

import numpy as np
import pytest
import torch
from torch import nn

from glassloop.errors import UserError
from glassloop.kit import distributed, seeding
from glassloop.kit.data import EpochOrder, InMemory, counted, make_loader, windows
from glassloop.kit.signals import StopSignal


def test_alone_everything_is_as_it_was(monkeypatch):
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    model, stop = nn.Linear(2, 2), StopSignal()
    with distributed.join(), seeding.kept_rng():
        assert (distributed.rank(), distributed.world(), distributed.is_first()) == (0, 1, True)
        assert distributed.wrap(model, None, None, None) is model
        assert distributed.local_device("cpu") == torch.device("cpu")
        assert distributed.total([1.5, 2]) == distributed.mean([1.5, 2]) == [1.5, 2]
        assert distributed.gather({"a": 1}) == [{"a": 1}]
        before = torch.get_rng_state()
        distributed.part_generators(3)
        assert torch.equal(torch.get_rng_state(), before)
        agreed = distributed.agree(7, stop)
        assert (agreed.items, agreed.stops, agreed.exit_code) == (7, False, 0)
        stop.requested, stop.exit_code = True, 143
        assert (agreed.stops, agreed.exit_code) == (True, 143)  # of now, not of the moment when it was asked


def test_generators_of_more_processes_than_there_were(monkeypatch):
    monkeypatch.setattr(distributed, "rank", lambda: 2)
    with seeding.kept_rng():
        states = [seeding.rng_state()] * 2
        drawn = []
        for step in (5, 5, 6):
            distributed.restore_generators(states, 0, step)
            drawn.append(float(torch.rand(())))
    assert drawn[0] == drawn[1] != drawn[2]


@pytest.mark.parametrize("world", [2, 3, 4])
def test_the_parts_of_a_batch_make_the_batch(world):
    """22 samples in batches of 5: the last has 2."""
    whole = EpochOrder(22, 5, seed=1)
    whole.set_position(3, 1)
    parts = [EpochOrder(22, 5, seed=1, rank=rank, world=world) for rank in range(world)]
    for part in parts:
        part.set_position(3, 1)
    assert {len(part) for part in (whole, *parts)} == {5}
    for number, (batch, *keys) in enumerate(zip(whole, *parts, strict=True), 1):
        own = [key.indices for key, part in zip(keys, parts, strict=True) if part.has_part(number)]
        assert sorted(np.concatenate(own)) == sorted(batch.indices)
        assert all(set(key.indices) <= set(batch.indices) and len(key.indices) for key in keys)
    assert sum(part.has_part(4) for part in parts) == 2


def test_what_stands_in_for_a_sample_counts_nothing():
    data = InMemory(torch.arange(9))
    loaders = [make_loader(data, 4, seed=0, shuffle=True, rank=rank, world=2) for rank in (0, 1)]

    def size_of(batch):
        return len(batch[0])

    counts = [[[count for count, _ in window] for window in windows(counted(one, size_of), 2)] for one in loaders]
    assert counts == [[[2, 2], [1]], [[2, 2], [0]]]
    judged = make_loader(data, 4, seed=0, shuffle=False, rank=1, world=2)
    assert [len(batch[0]) for batch in judged] == [2, 2]  # nobody waits in an evaluation: no stand-in


def test_too_few_samples_for_all_are_refused():
    data = InMemory(torch.arange(9))
    with pytest.raises(UserError, match="batch_size is 2 for 3 processes, and each needs at least one; start fewer"):
        make_loader(data, 2, seed=0, shuffle=True, world=3)
    with pytest.raises(UserError, match="InMemory has 9 samples for 10 processes"):
        make_loader(data, 64, seed=0, shuffle=False, world=10)


@pytest.mark.parametrize(("count", "lacking"), [("2", "RANK, LOCAL_RANK, MASTER_ADDR, MASTER_PORT is not set")])
def test_a_launcher_that_says_too_little(monkeypatch, count, lacking):
    monkeypatch.setenv("WORLD_SIZE", count)
    for name in ("RANK", "LOCAL_RANK", "MASTER_ADDR", "MASTER_PORT"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(UserError, match=f"{lacking}; start several processes with torchrun"), distributed.join():
        pass


def test_processes_that_were_told_different_things(monkeypatch):
    monkeypatch.setattr(distributed, "gather", lambda facts: [facts, {**facts, "lr": 0.5, "run_dir": "elsewhere"}])
    with pytest.raises(UserError, match=r"process 0 has lr 0\.1, and process 1 0\.5; give all the same flags"):
        distributed.refuse_differences({"lr": 0.1, "run_dir": "here"})
    distributed.refuse_differences({"lr": 0.5, "run_dir": "here"})
