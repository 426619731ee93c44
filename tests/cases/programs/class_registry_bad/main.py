"""A model class that is found by its name, in modules; the loop in a class."""
import torch
from torch import nn

import nets
from loop import Loop

torch.manual_seed(0)
loop = Loop(nets.make("mlp", classes=3), nn.CrossEntropyLoss())
loop.fit([(torch.randn(8, 5), torch.randint(0, 3, (8,))) for _ in range(2)], epochs=2)
