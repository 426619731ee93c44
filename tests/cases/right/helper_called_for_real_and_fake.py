"""A helper that goes backward is called for both halves of a discriminator's batch."""
import torch
from torch import nn

torch.manual_seed(0)
maker, judge = nn.Linear(2, 3), nn.Linear(3, 1)
opt_maker = torch.optim.SGD(maker.parameters(), lr=0.05)
opt_judge = torch.optim.SGD(judge.parameters(), lr=0.05)


def push(samples, truth):
    scores = judge(samples)
    loss = nn.functional.binary_cross_entropy_with_logits(scores, torch.full_like(scores, truth))
    loss.backward()
    return loss.item()


for epoch in range(2):
    for real in torch.randn(2, 4, 3):
        fake = maker(torch.randn(4, 2))
        opt_judge.zero_grad()
        print(push(real, 1.0), push(fake.detach(), 0.0))
        opt_judge.step()
        opt_maker.zero_grad()
        print(push(fake, 1.0))
        opt_maker.step()
