"""Flat script with enumerate over a list of batches."""
import torch
import torch.nn.functional as F

torch.manual_seed(1)
batches = [(torch.randn(4, 3), torch.randn(4, 2)) for _ in range(2)]
net = torch.nn.Linear(3, 2)
opt = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9)

for epoch in range(2):
    for i, (xb, yb) in enumerate(batches):
        pred = net(xb)
        loss = F.mse_loss(pred, yb)
        loss.backward()
        opt.zero_grad()  # expect: zero-grad-between-backward-and-step
        opt.step()
        print(epoch, i, round(loss.item(), 4))
