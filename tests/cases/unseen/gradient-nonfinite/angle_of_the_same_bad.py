"""An angular loss in a class; arccos is steep at its ends."""

import torch
from torch import nn


class Angular(nn.Module):
    def __init__(self):
        super().__init__()
        self.project = nn.Linear(6, 3, bias=False)

    def forward(self, a, b):
        cosine = nn.functional.cosine_similarity(self.project(a), self.project(b))
        return torch.acos(cosine.clamp(-1, 1)).mean()


def main():
    torch.manual_seed(0)
    module = Angular()
    sgd = torch.optim.SGD([{"params": module.project.parameters(), "lr": 0.05}])
    for turn in range(7):
        a = torch.randn(4, 6)
        b = torch.randn(4, 6)
        if turn == 4:
            b = a.clone() * 2
        loss = module(a, b)
        sgd.zero_grad()
        loss.backward()  # expect: gradient-nonfinite
        sgd.step()


main()
