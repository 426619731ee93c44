"""A head is replaced after the optimizer was built, and handed to it as a group."""
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.body, self.fc = nn.Linear(4, 6), nn.Linear(6, 10)

    def forward(self, x):
        return self.fc(torch.relu(self.body(x)))


torch.manual_seed(0)
net = Net()
opt = torch.optim.SGD(net.body.parameters(), lr=0.01)
net.fc = nn.Linear(6, 3)
opt.add_param_group({"params": net.fc.parameters(), "lr": 0.1})
net.to("cpu")
for _ in range(2):
    x, y = torch.randn(4, 4), torch.randint(3, (4,))
    opt.zero_grad()
    nn.functional.cross_entropy(net(x), y).backward()
    opt.step()
