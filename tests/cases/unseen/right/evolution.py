"""Evolution strategy: no backward at all, the gradient is estimated and written into .grad."""
import torch
from torch import nn

torch.manual_seed(0)
policy = nn.Linear(3, 1)
optimizer = torch.optim.Adam(policy.parameters(), lr=0.05)
sigma = 0.1


@torch.no_grad()
def fitness(x):
    return -(policy(x) - x.sum(1, keepdim=True)).pow(2).mean()


for generation in range(2):
    for x in torch.randn(2, 5, 3):
        grads = [torch.zeros_like(p) for p in policy.parameters()]
        for _ in range(2):
            noise = [torch.randn_like(p) for p in policy.parameters()]
            with torch.no_grad():
                for p, n in zip(policy.parameters(), noise):
                    p.add_(sigma * n)
            score = fitness(x)
            with torch.no_grad():
                for p, n, g in zip(policy.parameters(), noise, grads):
                    p.sub_(sigma * n)
                    g.sub_(score * n / (2 * sigma))
        for p, g in zip(policy.parameters(), grads):
            p.grad = g
        optimizer.step()
    print(generation, fitness(torch.randn(5, 3)).item())
