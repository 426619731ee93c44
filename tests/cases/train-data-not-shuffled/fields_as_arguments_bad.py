"""The loader's arguments are a dataclass's fields."""
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset
from dataclasses import dataclass, asdict


@dataclass
class LoaderCfg:
    batch_size: int = 10
    shuffle: bool = False
    drop_last: bool = True


class Fit:
    def __init__(self, ds):
        self.loader = DataLoader(ds, **asdict(LoaderCfg()))  # expect: train-data-not-shuffled
        self.m = nn.Sequential(nn.Linear(3, 6), nn.ReLU(), nn.Linear(6, 2))
        self.o = torch.optim.NAdam(self.m.parameters())

    def __call__(self, n):
        for k in range(n):
            for x, y in self.loader:
                self.o.zero_grad()
                l = nn.functional.cross_entropy(self.m(x), y)
                l.backward()
                self.o.step()
            print(k, l.item())


torch.manual_seed(0)
Fit(TensorDataset(torch.randn(20, 3), torch.randint(0, 2, (20,))))(2)
