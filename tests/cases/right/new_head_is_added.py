"""A new head after the optimizer was made: handed to it, to another one, or frozen on purpose."""
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Linear(4, 8)
        self.head = nn.Linear(8, 3)

    def forward(self, x):
        return self.head(torch.relu(self.body(x)))


torch.manual_seed(0)
added, other, frozen = Net(), Net(), Net()
optimizers = [torch.optim.SGD(net.parameters(), lr=0.1) for net in (added, other, frozen)]
added.head = nn.Linear(8, 5)
optimizers[0].add_param_group({"params": added.head.parameters(), "lr": 0.01})
other.head = nn.Linear(8, 5)
head_optimizer = torch.optim.SGD(other.head.parameters(), lr=0.1)
frozen.head = nn.Linear(8, 5).requires_grad_(False)
for net, several in ((added, optimizers[:1]), (other, [optimizers[1], head_optimizer]), (frozen, optimizers[2:])):
    for step in range(2):
        for optimizer in several:
            optimizer.zero_grad()
        nn.functional.cross_entropy(net(torch.randn(4, 4)), torch.randint(5, (4,))).backward()
        for optimizer in several:
            optimizer.step()
