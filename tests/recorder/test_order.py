"""The order of a run: what order.bin says of a batch is what was in the batch."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn
from torch.utils.data import (
    BatchSampler,
    DataLoader,
    Dataset,
    IterableDataset,
    RandomSampler,
    SequentialSampler,
    WeightedRandomSampler,
)

from glassloop.kit.data import InMemory, make_loader, order_of
from tests.recorder.conftest import Record, Rows, of


class Numbers(Dataset[Any]):
    """Item i is i."""

    def __init__(self, size: int) -> None:
        self.size = size

    def __len__(self) -> int:
        return self.size

    def __getitem__(self, index: int) -> torch.Tensor:
        return torch.tensor([float(index)])


class Stream(IterableDataset[Any]):
    """Numbers in the order in which they stand."""

    def __iter__(self) -> Iterator[torch.Tensor]:
        return (torch.tensor([float(i)]) for i in range(8))


def train(loader: Any, epochs: int = 2, most: int = 99, every: int = 1) -> tuple[list[list[int]], Callable[[], None]]:
    """A loop, and the list of what its batches held, filled as it runs."""
    model = nn.Linear(1, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-6)
    seen: list[list[int]] = []

    def loop() -> None:
        for _ in range(epochs):
            for number, batch in enumerate(loader):
                seen.append([int(x) for x in batch.reshape(-1)])
                model(batch.reshape(-1, 1)).mean().backward()
                if number % every == every - 1:
                    optimizer.step()
                if number == most:
                    break

    return seen, loop


def records(home: Path) -> list[tuple[int, list[int], bytes]]:
    """order.bin, taken apart as docs/record.md says."""
    data, at, found = (home / "order.bin").read_bytes(), 0, []
    while at < len(data):
        loader, count = struct.unpack_from("<II", data, at)
        indices = list(struct.unpack_from(f"<{count}q", data, at + 8))
        found.append((loader, indices, data[at : at + 8 + 8 * count]))
        at += 8 + 8 * count
    return found


def check(rows: Rows, home: Path) -> None:
    """Each row's order is the digest of its records, and all records belong to rows."""
    left = records(home)
    for row in rows:
        if row["row"] in ("step", "eval"):
            mine, left = left[: row["batches"]], left[row["batches"] :]
            text = b"".join(raw for _, _, raw in mine)
            assert row["order"] == (sha256(text).hexdigest()[:16] if mine else None)
            assert row["samples"] == sum(len(indices) for _, indices, _ in mine)
    assert not left


LOADERS: dict[str, Callable[[], Any]] = {
    "shuffled": lambda: DataLoader(Numbers(10), batch_size=3, shuffle=True),
    "workers": lambda: DataLoader(Numbers(10), batch_size=3, shuffle=True, num_workers=2),
    "persistent": lambda: DataLoader(Numbers(10), batch_size=3, shuffle=True, num_workers=2, persistent_workers=True),
    "weighted": lambda: DataLoader(Numbers(10), batch_size=4, sampler=WeightedRandomSampler([1.0] * 10, 10)),
    "batch sampler": lambda: DataLoader(Numbers(9), batch_sampler=BatchSampler(RandomSampler(range(9)), 2, True)),
    "no batches": lambda: DataLoader(Numbers(4), batch_size=None, shuffle=True),
    "subset": lambda: DataLoader(torch.utils.data.Subset(Numbers(20), [5, 7, 11]), batch_size=2),
}


@pytest.mark.parametrize("name", LOADERS)
def test_the_order_of_any_loader_is_that_of_the_batches(name: str, record: Record, tmp_path: Path) -> None:
    seen, loop = train(LOADERS[name](), epochs=2, most=2)  # left early, so that workers have fetched ahead
    rows = record(loop)
    check(rows, tmp_path / "run")
    found = [indices for _, indices, _ in records(tmp_path / "run") if indices]
    if name == "subset":
        found = [[[5, 7, 11][i] for i in batch] for batch in found]
    assert found == seen
    steps = of(rows, "step")
    assert [row["epoch"] for row in steps] == [0] * (len(seen) // 2) + [1] * (len(seen) // 2)
    assert [row["step"] for row in steps] == list(range(1, len(seen) + 1))


def test_the_kits_order_and_steps_of_several_batches(record: Record, tmp_path: Path) -> None:
    loader = make_loader(InMemory(torch.arange(10.0).reshape(10, 1)), 2, seed=3, shuffle=True)

    def batches() -> Iterator[torch.Tensor]:
        order_of(loader).set_position(0)
        yield from (batch[0] for batch in loader)

    seen, loop = train(batches(), epochs=1, every=2)
    rows = record(loop)
    check(rows, tmp_path / "run")
    assert [indices for _, indices, _ in records(tmp_path / "run")[1:]] == seen[:4]  # the fifth came before no step
    assert [(row["batches"], row["samples"]) for row in of(rows, "step")] == [(3, 4), (2, 4)]


def test_an_evaluation_has_its_own_row_whether_it_ends_or_is_left(record: Record, tmp_path: Path) -> None:
    model = nn.Linear(1, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-6)
    loader = DataLoader(Numbers(4), batch_size=2, sampler=SequentialSampler(range(4)))
    val = DataLoader(Numbers(6), batch_size=2)

    def loop() -> None:
        for most in (9, 1):
            for batch in loader:
                model(batch).mean().backward()
                optimizer.step()
            with torch.no_grad():
                for number, _ in enumerate(val):
                    if number == most:
                        break

    rows = record(loop)
    check(rows, tmp_path / "run")
    assert [row["samples"] for row in of(rows, "step")] == [2] * 4
    assert [(row["step"], row["loader"], row["samples"]) for row in of(rows, "eval")] == [(2, 1, 6), (4, 1, 4)]
    loaders = json.loads((tmp_path / "run" / "data" / "loaders.json").read_text())
    assert {one["loader"]: one["split"] for one in loaders} == {0: "train", 1: "val"}


def test_a_whole_epoch_in_one_step_is_no_evaluation(record: Record) -> None:
    seen, loop = train(DataLoader(Numbers(4), batch_size=2), epochs=2, every=2)
    rows = record(loop)
    assert len(seen) == 4
    assert [row["samples"] for row in of(rows, "step")] == [4, 4]
    assert not of(rows, "eval")


def test_a_stream_has_a_digest_of_its_content(record: Record, tmp_path: Path) -> None:
    rows = record(train(DataLoader(Stream(), batch_size=4), epochs=2)[1])
    steps = of(rows, "step")
    assert [row["order"] for row in steps] == [None] * 4
    assert [row["samples"] for row in steps] == [4] * 4
    assert steps[0]["content"] == steps[2]["content"] != steps[1]["content"] == steps[3]["content"]
    lines = (tmp_path / "run" / "data" / "loader-0.jsonl").read_text().splitlines()
    assert len(lines) == len(set(lines)) == 8  # the first pass


def test_a_loader_made_anew_for_each_epoch_is_one(record: Record, tmp_path: Path) -> None:
    data = Numbers(4)
    model = nn.Linear(1, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-6)

    def loop() -> None:
        for _ in range(3):
            for batch in DataLoader(data, batch_size=2, shuffle=True):
                model(batch).mean().backward()
                optimizer.step()

    rows = record(loop)
    assert [row["epoch"] for row in of(rows, "step")] == [0, 0, 1, 1, 2, 2]
    assert {loader for loader, _, _ in records(tmp_path / "run")} == {0}
