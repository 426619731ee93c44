"""try/except/finally around each update, bad batches counted."""
import torch
from torch import nn

torch.manual_seed(0)
scorer = nn.Sequential(nn.Linear(4, 4), nn.Hardtanh(), nn.Linear(4, 1))
opt = torch.optim.ASGD(scorer.parameters(), lr=0.01)
failures = 0


def attempt(x, y):
    opt.zero_grad()
    loss = nn.functional.soft_margin_loss(scorer(x), y)
    loss.backward()
    opt.step()
    return loss.item()


for epoch in range(2):
    for x in torch.randn(2, 5, 4):
        try:
            value = attempt(x, x.sum(1, keepdim=True).sign())
        except ValueError:
            failures += 1
        finally:
            nn.utils.clip_grad_norm_(scorer.parameters(), 0.1)  # expect: clip-after-step
    print(epoch, value, failures)
