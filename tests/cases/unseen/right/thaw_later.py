"""Two phases: a head alone, then everything with a new optimizer and a lower rate."""
import torch
from torch import nn


def phase(model, parameters, lr, batches):
    opt = torch.optim.Adam(parameters, lr=lr)
    best = None
    for epoch in range(2):
        model.train()
        for x, y in batches:
            loss = nn.functional.cross_entropy(model(x), y)
            opt.zero_grad()
            loss.backward()
            opt.step()
        model.eval()
        with torch.inference_mode():
            value = sum(nn.functional.cross_entropy(model(x), y).item() for x, y in batches)
        best = value if best is None else min(best, value)
    return best


torch.manual_seed(0)
trunk, head = nn.Sequential(nn.Linear(3, 6), nn.Dropout(0.2)), nn.Linear(6, 2)
model = nn.Sequential(trunk, nn.ReLU(), head)
batches = [(torch.randn(4, 3), torch.randint(0, 2, (4,))) for _ in range(2)]
trunk.requires_grad_(False)
print(phase(model, head.parameters(), 1e-2, batches))
trunk.requires_grad_(True)
print(phase(model, model.parameters(), 1e-3, batches))
