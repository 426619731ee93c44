"""SGD given a closure, one call for loss, backward and update."""
import torch
from torch import nn

torch.manual_seed(0)
net = nn.Linear(3, 1)
opt = torch.optim.SGD(net.parameters(), lr=0.1)
for epoch in range(2):
    for x in torch.randn(2, 5, 3):

        def closure():
            opt.zero_grad()
            loss = nn.functional.mse_loss(net(x), x.sum(1, keepdim=True))
            loss.backward()
            return loss

        loss = opt.step(closure)
    print(epoch, loss.item())
