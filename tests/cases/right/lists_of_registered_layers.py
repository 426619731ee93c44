"""Plain lists of layers that are registered elsewhere, given to the optimizer by hand, or meant to stay outside."""
import torch
from torch import nn


class Registered(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.second = nn.Linear(4, 4), nn.Linear(4, 4)
        self.order = [self.first, self.second]
        self.blocks = []
        for i in range(2):
            block = nn.Linear(4, 4)
            setattr(self, f"block{i}", block)
            self.blocks.append(block)
        self.named = {}
        for name in ("a", "b"):
            self.named[name] = nn.Linear(4, 4)
            self.add_module(f"named_{name}", self.named[name])
        parts = [nn.Linear(4, 4), nn.Linear(4, 1)]
        self.parts = parts
        self.tail = nn.Sequential(*parts)

    def forward(self, x):
        for layer in (*self.order, *self.blocks, *self.named.values()):
            x = torch.relu(layer(x))
        for part in self.parts:
            x = part(x)
        return x


class Outside(nn.Module):
    def __init__(self, teacher):
        super().__init__()
        self.head = nn.Linear(4, 1)
        self.teacher = [teacher]
        self.extra = [nn.Linear(4, 4)]
        self.fixed = [nn.Linear(4, 4).requires_grad_(False)]

    def extra_parameters(self):
        return [p for layer in self.extra for p in layer.parameters()]

    def forward(self, x):
        with torch.no_grad():
            hint = self.teacher[0](x)
        return self.head(self.fixed[0](self.extra[0](x))) + hint


torch.manual_seed(0)
one = Registered()
two = Outside(nn.Linear(4, 1))
for model, parameters in ((one, one.parameters()), (two, [*two.parameters(), *two.extra_parameters()])):
    optimizer = torch.optim.SGD(parameters, lr=0.01)
    for step in range(2):
        x = torch.randn(4, 4)
        optimizer.zero_grad()
        nn.functional.mse_loss(model(x), x.sum(1, keepdim=True)).backward()
        optimizer.step()
