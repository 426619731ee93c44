"""Polynomial decay over the run; one_batch is a function on module globals."""
import torch
from torch import nn

EPOCHS = 2
torch.manual_seed(0)
model = nn.Conv1d(1, 1, 3, padding=1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
poly = torch.optim.lr_scheduler.PolynomialLR(optimizer, total_iters=EPOCHS, power=0.9)
signals = [torch.randn(4, 1, 8) for _ in range(2)]


def one_batch(signal):
    optimizer.zero_grad()
    loss = nn.functional.mse_loss(model(signal), signal.roll(1, dims=-1))
    loss.backward()
    optimizer.step()
    return loss.item()


for epoch in range(EPOCHS):
    losses = [one_batch(signal) for signal in signals]
    poly.step()
    print(epoch, losses, poly.get_last_lr())
