"""A learner that counts its micro-batches in an attribute."""
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


class Learner:
    def __init__(self, net, window):
        self.net, self.window = net, window
        self.seen = 0
        self.opt = torch.optim.SGD(net.parameters(), lr=0.1)
        self.loss_fn = nn.SmoothL1Loss()

    def learn(self, x, y):
        loss = self.loss_fn(self.net(x), y) / self.window
        loss.backward()
        self.seen += 1
        if self.seen == self.window:
            self.opt.step()
            self.opt.zero_grad()
            self.seen = 0


torch.manual_seed(0)
pairs = TensorDataset(torch.randn(16, 3), torch.randn(16, 1))
learner = Learner(nn.Linear(3, 1), window=2)
for epoch in range(2):
    for x, y in DataLoader(pairs, batch_size=4, shuffle=True):
        learner.learn(x, y)
