"""A model that keeps its state between calls: each backward walks the graphs of the calls before."""
import torch
from torch import nn


class Memory(nn.Module):
    def __init__(self):
        super().__init__()
        self.cell = nn.GRUCell(2, 3)
        self.state = None

    def forward(self, x):
        self.state = self.cell(x, self.state)
        return self.state


torch.manual_seed(0)
model = Memory()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for epoch in range(2):
    model.state = None
    optimizer.zero_grad()
    for t in range(3):
        out = model(torch.randn(4, 2))
        (out.pow(2).mean() / 3).backward(retain_graph=True)
    optimizer.step()
    print(epoch, out.mean().item())
