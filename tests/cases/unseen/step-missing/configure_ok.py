"""configure() hands back (model, optimizer, schedule-free) as a tuple, two functions deep."""
import torch
from torch import nn


def configure(dim):
    net = nn.Sequential(nn.Linear(dim, dim), nn.Mish(), nn.Linear(dim, 1))
    return net, torch.optim.RAdam(net.parameters(), lr=3e-3)


def consume(net, opt, stream):
    for x in stream:
        opt.zero_grad()
        loss = (net(x).squeeze(-1) - x.mean(-1)).abs().mean()
        loss.backward()
        opt.step()
        yield loss.item()


def main():
    torch.manual_seed(0)
    net, opt = configure(4)
    for epoch in range(2):
        print(epoch, list(consume(net, opt, torch.randn(2, 5, 4))))


main()
