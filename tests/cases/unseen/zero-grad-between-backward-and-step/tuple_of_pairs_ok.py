"""Two players described by tuples (module, optimizer), trained in turn by one function."""
import torch
from torch import nn


def advance(player, loss):
    net, opt = player
    opt.zero_grad(set_to_none=False)
    loss.backward()
    opt.step()
    return sum(p.abs().sum().item() for p in net.parameters())


def player(*shape):
    net = nn.Linear(*shape)
    return net, torch.optim.SGD(net.parameters(), lr=0.1)


torch.manual_seed(0)
sender, receiver = player(4, 3), player(3, 4)
for turn in range(2):
    for message in torch.randn(2, 6, 4):
        heard = receiver[0](sender[0](message).detach())
        print(turn, advance(receiver, (heard - message).pow(2).mean()))
        answer = receiver[0](sender[0](message))
        print(turn, advance(sender, nn.functional.l1_loss(answer, message)))
