"""Adversarial training with a noise that lives on from batch to batch and is moved by the sign of its gradient."""
import torch
from torch import nn

torch.manual_seed(0)
model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2))
noise = nn.Parameter(torch.zeros(6, 4))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for batch in range(2):
    x, y = torch.randn(6, 4), torch.randint(2, (6,))
    for replay in range(3):
        loss = nn.functional.cross_entropy(model(x + noise), y)
        optimizer.zero_grad()
        loss.backward()
        noise.data += 0.01 * noise.grad.sign()
        noise.data.clamp_(-0.05, 0.05)
        noise.grad = None
        optimizer.step()
