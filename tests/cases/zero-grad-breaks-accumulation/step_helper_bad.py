"""Helpers: backward_pass clears and walks back, maybe_step updates now and then."""
import torch
from torch import nn


def backward_pass(loss, optimizer, k):
    optimizer.zero_grad()  # expect: zero-grad-breaks-accumulation
    (loss / k).backward()


def maybe_step(optimizer, index, k):
    if index % k == k - 1:
        optimizer.step()


def main(k=2):
    torch.manual_seed(0)
    model = nn.Linear(2, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.2)
    xs = torch.randn(4, 4, 2)
    for epoch in range(2):
        for index in range(4):
            loss = nn.functional.mse_loss(model(xs[index]), xs[index].sum(1, keepdim=True))
            backward_pass(loss, optimizer, k)
            maybe_step(optimizer, index, k)
        print(epoch, loss.item())


if __name__ == "__main__":
    main()
