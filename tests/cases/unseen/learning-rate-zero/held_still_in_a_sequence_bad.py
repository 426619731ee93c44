"""Two schedules in a row, the first of which holds the rate."""

import torch
from torch import nn
from torch.optim.lr_scheduler import ConstantLR, ExponentialLR, SequentialLR


class Fit:
    def __init__(self, model, lr=3e-3):
        self.model = model
        self.optim = torch.optim.RMSprop(model.parameters(), lr=lr)
        first = ConstantLR(self.optim, factor=0.0, total_iters=4)
        self.plan = SequentialLR(self.optim, [first, ExponentialLR(self.optim, 0.9)], milestones=[4])

    def __call__(self, batches):
        for x in batches:
            self.optim.zero_grad()
            self.model(x).logsumexp(1).mean().backward()
            self.optim.step()  # expect: learning-rate-zero
            self.plan.step()


torch.manual_seed(0)
Fit(nn.Linear(4, 3))([torch.randn(5, 4) for _ in range(8)])
