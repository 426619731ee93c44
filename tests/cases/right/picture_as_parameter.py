"""Feature inversion: what is learned is an nn.Parameter that is fed to a network in training mode."""
import torch
from torch import nn

torch.manual_seed(0)
network = nn.Sequential(nn.Linear(6, 8), nn.Tanh(), nn.Linear(8, 3))
picture = nn.Parameter(torch.zeros(1, 6))
optimizer = torch.optim.Adam([picture], lr=0.1)
for step in range(5):
    optimizer.zero_grad()
    loss = -network(picture)[0, 1] + 0.01 * picture.norm()
    loss.backward()
    optimizer.step()
