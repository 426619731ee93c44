"""make_train_step returns a closure, the tutorial-blog way."""
import torch
from torch import nn


def make_train_step(model, loss_fn, optimizer):
    def train_step(x, y):
        model.train()
        yhat = model(x)
        loss = loss_fn(yhat, y)
        loss.backward()
        optimizer.step()  # expect: zero-grad-missing
        return loss.item()

    return train_step


torch.manual_seed(42)
x = torch.rand(8, 1)
y = 1 + 2 * x + 0.1 * torch.randn(8, 1)
model = nn.Linear(1, 1)
train_step = make_train_step(model, nn.MSELoss(), torch.optim.SGD(model.parameters(), lr=0.1))
for epoch in range(2):
    losses = [train_step(xb, yb) for xb, yb in zip(x.split(4), y.split(4))]
    print(epoch, sum(losses) / 2)
