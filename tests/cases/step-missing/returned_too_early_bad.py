"""A helper that returns the loss; what follows the return never runs."""
import torch
from torch import nn


def learn(model, optimizer, x, y):
    optimizer.zero_grad()
    loss = nn.functional.cross_entropy(model(x), y)
    loss.backward()  # expect: step-missing
    return loss.item()
    optimizer.step()


def main():
    torch.manual_seed(0)
    model = nn.Linear(4, 2)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for epoch in range(2):
        for x in torch.randn(2, 4, 4):
            value = learn(model, optimizer, x, (x.sum(1) > 0).long())
        print(epoch, value)


main()
