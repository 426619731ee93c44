"""A loss helper that does a little more, the guard in the caller, counter passed by keyword."""
import torch
from torch import nn


def forward_backward(net, opt, batch, *, share):
    x, y = batch
    loss = nn.functional.huber_loss(net(x), y)
    loss.mul(share).backward()
    return loss.item()


def run(steps=4, share=0.5):
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(2, 4), nn.CELU(), nn.Linear(4, 1))
    opt = torch.optim.Adam(net.parameters())
    for step in range(1, steps + 1):
        x = torch.rand(4, 2)
        value = forward_backward(net, opt, (x, x.sum(1, keepdim=True)), share=share)
        if step % round(1 / share) == 0:
            opt.step()
            opt.zero_grad()
        print(step, value)


run()
