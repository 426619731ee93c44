"""Two branches with a loss each; one of them is only reported."""
import torch
from torch import nn


class Branches(nn.Module):
    def __init__(self):
        super().__init__()
        self.left, self.right = nn.Linear(3, 2), nn.Linear(3, 1)


torch.manual_seed(0)
net = Branches()
opt_left = torch.optim.SGD(net.left.parameters(), lr=0.1)
opt_right = torch.optim.SGD(net.right.parameters(), lr=0.1)
ce, mse = nn.CrossEntropyLoss(), nn.MSELoss()

for epoch in range(2):
    for x in torch.randn(2, 6, 3):
        kind, amount = (x[:, 0] > 0).long(), x.sum(1, keepdim=True)
        net.zero_grad()
        cls_loss = ce(net.left(x), kind)
        reg_loss = mse(net.right(x), amount)
        reg_loss.backward()
        opt_left.step()  # expect: backward-missing
        opt_right.step()
    print(epoch, cls_loss.item(), reg_loss.item())
