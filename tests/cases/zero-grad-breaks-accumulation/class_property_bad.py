"""Class with a should_update property that decides on the update."""
import torch
from torch import nn


class Accumulating:
    def __init__(self, every):
        self.every = every
        self.calls = 0
        self.model = nn.Linear(4, 2)
        self.optimizer = torch.optim.Adam(self.model.parameters(), lr=1e-2)
        self.optimizer.zero_grad()

    @property
    def should_update(self):
        return self.calls % self.every == 0

    def __call__(self, x, y):
        self.calls += 1
        loss = nn.functional.cross_entropy(self.model(x), y) / self.every
        loss.backward()
        if self.should_update:
            self.optimizer.step()
        self.optimizer.zero_grad()  # expect: zero-grad-breaks-accumulation
        return loss.item() * self.every


torch.manual_seed(0)
update = Accumulating(every=2)
for epoch in range(2):
    for _ in range(4):
        value = update(torch.randn(3, 4), torch.randint(0, 2, (3,)))
    print(epoch, value)
