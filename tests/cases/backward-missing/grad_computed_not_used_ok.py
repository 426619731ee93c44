"""Nested closure that asks autograd for the gradients."""
import torch
from torch import nn


def main():
    torch.manual_seed(0)
    model = nn.Linear(3, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    batches = [(torch.randn(4, 3), torch.randn(4, 1)) for _ in range(2)]

    def walk(loss):
        grads = torch.autograd.grad(loss, list(model.parameters()))
        for p, g in zip(model.parameters(), grads):
            p.grad = g
        return grads

    for epoch in range(2):
        for x, y in batches:
            optimizer.zero_grad()
            loss = nn.functional.mse_loss(model(x), y)
            grads = walk(loss)
            optimizer.step()
        print(epoch, loss.item(), [tuple(g.shape) for g in grads])


main()
