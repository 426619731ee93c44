"""train-data-not-shuffled where the text cannot know: the order that came, pass after pass."""

from __future__ import annotations

import textwrap

import pytest

from glassloop.watch import Watch

START = """
import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset, TensorDataset
torch.manual_seed(0)
rows = torch.randn(24, 3)
data = TensorDataset(rows)
model = nn.Linear(3, 1)
opt = torch.optim.SGD(model.parameters(), lr=0.1)

class Own(Dataset):
    def __init__(self): self.order = list(range(24))
    def __len__(self): return 24
    def __getitem__(self, index): return (rows[self.order[index]],)

def seeded(): return torch.Generator().manual_seed(0)

def make(data, mixed): return DataLoader(data, batch_size=6, shuffle=mixed)

def train(loader, opt=opt):
    for (x,) in loader:
        opt.zero_grad()
        nn.functional.mse_loss(model(x), x.sum(1, keepdim=True)).backward()
        opt.step()
"""

REPEATED = {
    "the same seed for the loader of each epoch": """
        for epoch in range(2):
            loader = DataLoader(data, batch_size=6, shuffle=True, generator=seeded())
            train(loader)
    """,
    "the same seed at the beginning of each epoch": """
        loader = DataLoader(data, batch_size=6, shuffle=True)
        for epoch in range(3):
            torch.manual_seed(0)
            train(loader)
    """,
    "a helper with a flag": """
        loader = make(data, mixed=False)
        for epoch in range(2):
            train(loader)
    """,
    "a dataset of the user's": """
        loader = make(Own(), mixed=False)
        for epoch in range(2):
            train(loader)
            with torch.no_grad():
                for (x,) in make(data, mixed=False):
                    model(x)
    """,
}
RIGHT = {
    "a generator that goes on": """
        generator = seeded()
        for epoch in range(3):
            train(DataLoader(data, batch_size=6, shuffle=True, generator=generator))
    """,
    "models that are compared on the same order": """
        for rate in (0.1, 0.01):
            model = nn.Linear(3, 1)
            loader = DataLoader(data, batch_size=6, shuffle=True, generator=seeded())
            train(loader, torch.optim.SGD(model.parameters(), rate))
    """,
    "a dataset that shuffles itself": """
        own = Own()
        loader = make(own, mixed=False)
        for epoch in range(3):
            own.order = torch.randperm(24).tolist()
            train(loader)
    """,
    "state that goes on from batch to batch": """
        class Series(Dataset):
            def __len__(self): return 8
            def __getitem__(self, index): return rows[3 * index : 3 * index + 3]
        rnn = nn.GRU(3, 3, batch_first=True)
        opt = torch.optim.SGD(rnn.parameters(), lr=0.1)
        for epoch in range(3):
            state = None
            for x in DataLoader(Series(), batch_size=1):
                out, state = rnn(x, state)
                state = state.detach()
                opt.zero_grad()
                out.square().mean().backward()
                opt.step()
    """,
    "an order by a sampler of the user's": """
        loader = DataLoader(data, batch_size=6, sampler=sorted(range(24), key=lambda i: float(rows[i, 0])))
        for epoch in range(3):
            train(loader)
    """,
}


def found(code: str) -> list[str]:
    seen = Watch(lambda finding: None)
    try:
        exec(START + textwrap.dedent(code), {"__name__": "__main__"})
    finally:
        seen.stop()
    return [sighting.finding.rule for sighting in seen.findings]


@pytest.mark.parametrize("name", REPEATED)
def test_an_order_that_comes_again_is_found(name: str):
    assert found(REPEATED[name]) == ["train-data-not-shuffled"]


@pytest.mark.parametrize("name", RIGHT)
def test_an_order_that_is_meant_or_new_is_not(name: str):
    assert found(RIGHT[name]) == []
