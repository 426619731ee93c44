"""An endless iterator and a partial loss; the network is a function of layers."""
import functools
import itertools

import torch
from torch import nn, optim

torch.manual_seed(0)
layers = [nn.Linear(6, 12), nn.ELU(), nn.Linear(12, 4)]
brain = nn.Sequential(*layers)
criterion = functools.partial(nn.functional.cross_entropy, label_smoothing=0.05)
mover = optim.NAdam(brain.parameters())
stream = itertools.cycle([(torch.randn(3, 6), torch.randint(4, (3,))) for _ in range(2)])
for count in range(4):
    inputs, targets = next(stream)
    mover.zero_grad()
    penalty = criterion(brain(inputs), targets)
    penalty.backward()
    mover.step()
