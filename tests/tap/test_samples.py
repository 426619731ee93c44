"""What is known of the samples that loaders hand over: shared ones, orders that repeat; and what that leaves alone."""

from __future__ import annotations

import textwrap

import pytest
import torch
from sklearn.datasets import load_iris

from glassloop.events import PASS_END, REPEATS, SHARED, Shared
from glassloop.findings import Severity
from glassloop.tap import samples
from glassloop.watch import Sighting, Watch
from tests.tap.hearing import hear

START = """
import torch
from torch.utils.data import *
torch.manual_seed(0)
rows = torch.randn(40, 3)

def read(loader):
    for batch in loader:
        pass
"""


def shared(code: str) -> list[Shared]:
    """What the last pass shared with others."""
    last = [event for event in hear(code, START) if event.kind == PASS_END][-1]
    return list(last.facts.get(SHARED, ()))  # type: ignore[call-overload]


def repeats(code: str) -> list[bool]:
    """For each pass, whether it came in the order of the one before."""
    return [REPEATS in event.facts for event in hear(code, START) if event.kind == PASS_END]


def test_rows_of_one_tensor_are_told_by_where_they_lie():
    kept, gone = "loader = DataLoader({}, 10, shuffle=True); read(loader)", "read(DataLoader({}, 10))"
    for first, exact in ((kept, True), (gone, False)):  # of what is gone, the address may be somebody else's
        data = first.format("TensorDataset(rows[:30])")
        (found,) = shared(f"{data}\nread(DataLoader(TensorDataset(rows[25:]), 10))")
        assert (found.exact, found.number, found.of, found.among, found.whole) == (exact, 5, 15, 30, True)
        assert found.which == (0, 1, 2, 3, 4)


@pytest.mark.parametrize(
    "data",
    [
        "TensorDataset(rows[{}].clone())",
        "[(row, i) for i, row in zip(range(40)[{}], rows[{}].clone())]",
        "[{{'x': row.numpy().copy(), 'name': str(i)}} for i, row in zip(range(40)[{}], rows[{}])]",
    ],
)
def test_copies_are_told_by_their_bytes(data: str):
    workers = 1 if data.startswith("TensorDataset") else 0
    (found,) = shared(f"""
    read(DataLoader({data.format(":30", ":30")}, 10, shuffle=True, num_workers={workers}))
    read(DataLoader({data.format("25:", "25:")}, 10, num_workers={workers}))
    """)
    assert (found.exact, found.number, found.of, found.among) == (False, 5, 15, 30)


def test_samples_that_are_collated_as_a_list_or_padded():
    listed = """
    keep = lambda batch: batch
    read(DataLoader([row for row in rows[:30].clone()], 7, collate_fn=keep))
    read(DataLoader([row for row in rows[25:].clone()], 4, collate_fn=keep))
    """
    padded = """
    words = [torch.arange(1, 2 + i % 9) + 10 * i for i in range(40)]
    pad = lambda batch: torch.nn.utils.rnn.pad_sequence(batch, batch_first=True)
    read(DataLoader([w.clone() for w in words[:30]], 7, collate_fn=pad))
    read(DataLoader([w.clone() for w in words[25:]], 4, collate_fn=pad))
    """
    for code in (listed, padded):
        (found,) = shared(code)
        assert (found.number, found.of, found.among) == (5, 15, 30)


def test_no_claim_where_nothing_can_be_known():
    apart = "read(DataLoader(TensorDataset(rows[:20]), 10)); read(DataLoader(TensorDataset(rows[20:]), 10))"
    augmented = """
    class Noisy(Dataset):
        def __init__(self, rows): self.rows = {i: row for i, row in enumerate(rows)}
        def __len__(self): return len(self.rows)
        def __getitem__(self, i): return self.rows[i] + torch.randn(3)
    read(DataLoader(Noisy(rows), 10)); read(DataLoader(Noisy(rows), 10))
    """
    odd = """
    class Batch:
        def __init__(self, rows): self.rows = rows
    read(DataLoader(rows.clone(), 10, collate_fn=Batch)); read(DataLoader(rows.clone(), 10, collate_fn=Batch))
    """
    freed = """
    for _ in range(4): read(DataLoader(TensorDataset(torch.randn(64, 8)), 16))
    """
    targets = """
    grid = torch.linspace(0, 1, 40).unsqueeze(1)
    a = DataLoader(TensorDataset(grid, torch.randn(40)), 10); read(a)
    read(DataLoader(TensorDataset(grid, torch.randn(40)), 10))
    """
    pairs = """
    a = [(rows[0], i) for i in range(20)]
    b = [(rows[0], i) for i in range(20, 40)]
    read(DataLoader(a, 10)); read(DataLoader(b, 10))
    """
    for code in (apart, augmented, odd, freed, targets, pairs):
        assert shared(code) == []


def test_a_stream_and_a_pass_that_is_left_are_told_by_what_came():
    stream = """
    class Stream(IterableDataset):
        def __init__(self, rows): self.rows = rows
        def __iter__(self): return iter(self.rows)
    for batch in DataLoader(Stream(rows[:30].clone()), 10): break
    read(DataLoader(Stream(rows[5:].clone()), 10))
    """
    (found,) = shared(stream)
    assert (found.exact, found.number, found.among, found.whole) == (False, 5, 10, False)


def test_the_budget_is_kept(monkeypatch: pytest.MonkeyPatch):
    code = "read(DataLoader(TensorDataset(rows.clone()), 10)); read(DataLoader(TensorDataset(rows.clone()), 10))"
    monkeypatch.setattr(samples, "BYTES", 200)  # a batch has 120
    (found,) = shared(code)
    assert (found.number, found.of, found.among, found.whole) == (20, 20, 20, False)
    monkeypatch.setattr(samples, "BYTES_IN_ALL", 100)
    assert shared(code) == []


def test_chance_and_order_of_the_run_are_left_alone():
    code = """
    kept = []
    loader = DataLoader(TensorDataset(rows), 8, shuffle=True, num_workers={workers}, generator={generator})
    for epoch in range(2):
        kept += [batch[0] for batch in loader]
    after = torch.get_rng_state()
    """
    for workers, generator in ((0, "None"), (2, "None"), (0, "torch.Generator().manual_seed(3)")):
        text = textwrap.dedent(code.format(workers=workers, generator=generator))
        plain: dict[str, object] = {}
        exec(START + text, plain)
        heard: dict[str, object] = {}
        seen = Watch(lambda finding: None)
        try:
            exec(START + text, heard)
        finally:
            seen.stop()
        assert torch.equal(torch.stack(plain["kept"]), torch.stack(heard["kept"]))  # type: ignore[arg-type]
        assert torch.equal(plain["after"], heard["after"])  # type: ignore[arg-type]


def test_an_order_that_repeats():
    again = "for epoch in range(3): read(DataLoader(data, 10, shuffle=True, generator=torch.Generator().manual_seed(0)))"
    for workers in (0, 2):
        assert repeats("data = TensorDataset(rows)\n" + again.replace("10,", f"10, num_workers={workers},")) == [0, 1, 1]
    assert repeats("loader = DataLoader(TensorDataset(rows), 10, shuffle=True)\nfor _ in range(3): read(loader)") == [
        0,
        0,
        0,
    ]
    held = """
    loader = DataLoader(TensorDataset(rows), 10, shuffle=True, num_workers=1, persistent_workers=True)
    for _ in range(3):
        torch.manual_seed(0)
        read(loader)
    """
    assert repeats(held) == [0, 0, 1]  # making the iterator draws from the generator, too


def test_an_order_of_the_users_own_data_is_told_by_what_comes():
    own = """
    class Own(Dataset):
        def __init__(self): self.order = torch.arange(40)
        def __len__(self): return 40
        def __getitem__(self, i): return rows[self.order[i]]
    data = Own()
    loader = DataLoader(data, 10)
    for _ in range(2):
        {renew}
        read(loader)
    """
    assert repeats(own.format(renew="pass")) == [0, 1]
    assert repeats(own.format(renew="data.order = torch.randperm(40)")) == [0, 0]


def of_iris(split: str) -> list[Sighting]:
    code = f"""
    import torch
    from sklearn.datasets import load_iris
    from torch import nn
    from torch.utils.data import DataLoader, TensorDataset
    torch.manual_seed(0)
    iris = load_iris()
    x, y = torch.tensor(iris.data, dtype=torch.float32), torch.tensor(iris.target)
    {split}
    train, test = TensorDataset(x[kept], y[kept]), TensorDataset(x[~kept], y[~kept])
    loader, held_out = DataLoader(train, 20, shuffle=True), DataLoader(test, 20)
    model = nn.Linear(4, 3)
    opt = torch.optim.SGD(model.parameters(), lr=0.1)
    for epoch in range(2):
        for a, b in loader:
            opt.zero_grad()
            nn.functional.cross_entropy(model(a), b).backward()
            opt.step()
        with torch.no_grad():
            for a, b in held_out:
                model(a)
    """
    seen = Watch(lambda finding: None)
    try:
        exec(textwrap.dedent(code), {"__name__": "__main__"})
    finally:
        seen.stop()
    return seen.findings


def test_natural_duplicates_are_counted_and_no_error():
    """Two of the 150 flowers of iris are equal."""
    x = torch.tensor(load_iris().data)
    assert len(x.unique(dim=0)) == 149
    (found,) = of_iris("kept = torch.ones(150, dtype=torch.bool); kept[[101, *range(0, 50, 2)]] = False")
    assert found.finding.severity is Severity.INFO
    assert (found.finding.facts["equal"], found.finding.facts["validation"]) == (1, 26)
    assert of_iris("kept = torch.ones(150, dtype=torch.bool); kept[[101, 142, *range(0, 50, 2)]] = False") == []
