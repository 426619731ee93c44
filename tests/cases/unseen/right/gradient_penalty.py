"""A critic with a gradient penalty: the inner gradient keeps its graph."""
import torch
from torch import nn

torch.manual_seed(0)
critic = nn.Sequential(nn.Linear(2, 8), nn.ReLU(), nn.Linear(8, 1))
opt = torch.optim.RMSprop(critic.parameters(), lr=1e-3)
for _ in range(2):
    real, fake = torch.randn(6, 2), torch.randn(6, 2) + 1
    mix = torch.rand(6, 1)
    between = (mix * real + (1 - mix) * fake).requires_grad_(True)
    score = critic(between)
    (grad,) = torch.autograd.grad(score, between, torch.ones_like(score), create_graph=True, retain_graph=True)
    penalty = (grad.norm(dim=1) - 1).square().mean()
    loss = critic(fake).mean() - critic(real).mean() + 10 * penalty
    opt.zero_grad()
    loss.backward()
    opt.step()
    print(penalty.item())
