"""evaluate() ends with model.train(); the loop itself never sets a mode."""
import torch
from torch import nn


def evaluate(model, batches):
    model.eval()
    losses = []
    with torch.inference_mode():
        for x, y in batches:
            losses.append(nn.functional.cross_entropy(model(x), y).item())
    model.train()
    return sum(losses) / len(losses)


torch.manual_seed(0)
model = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.Linear(8, 2))
optimizer = torch.optim.Adam(model.parameters())
batches = [(torch.randn(4, 4), torch.randint(0, 2, (4,))) for _ in range(2)]
held_out = [(torch.randn(4, 4), torch.randint(0, 2, (4,))) for _ in range(2)]
for step, (x, y) in enumerate(batches):
    print(step, evaluate(model, held_out))
    loss = nn.functional.cross_entropy(model(x), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
