"""The accumulation counter lives in the trainer and runs across epochs on purpose."""
import torch
from torch import nn


class Stream:
    def __init__(self, net, every):
        self.net, self.every, self.pending, self.updates = net, every, 0, 0
        self.opt = torch.optim.SGD(net.parameters(), lr=0.1)

    def push(self, x, y):
        (nn.functional.mse_loss(self.net(x), y) / self.every).backward()
        self.pending += 1
        if self.pending >= self.every:
            self.flush()

    def flush(self):
        self.opt.step()
        self.opt.zero_grad()
        self.pending, self.updates = 0, self.updates + 1


torch.manual_seed(0)
stream = Stream(nn.Linear(3, 1), every=2)
data = [(torch.randn(4, 3), torch.randn(4, 1)) for _ in range(3)]
for epoch in range(2):
    for x, y in data:
        stream.push(x, y)
    print(epoch, stream.updates, stream.pending)
if stream.pending:
    stream.flush()
