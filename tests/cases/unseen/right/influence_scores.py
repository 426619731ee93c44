"""Per-sample gradients for a data-valuation report, taken after training, nothing is stepped."""
import torch
from torch import nn

torch.manual_seed(0)
x, y = torch.randn(8, 3), torch.randint(0, 2, (8,))
model = nn.Sequential(nn.Linear(3, 5), nn.Dropout(0.1), nn.Linear(5, 2))
opt = torch.optim.Adam(model.parameters(), lr=1e-2)
model.train()
for epoch in range(2):
    for at in torch.randperm(8).split(4):
        opt.zero_grad()
        nn.functional.cross_entropy(model(x[at]), y[at]).backward()
        opt.step()

model.eval()
scores = []
for i in range(2):
    model.zero_grad()
    nn.functional.cross_entropy(model(x[i:i + 1]), y[i:i + 1]).backward()
    scores.append(sum(p.grad.norm().item() for p in model.parameters()))
print(scores)
