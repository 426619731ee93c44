"""The loss of the step before is looked at once more, and then let go; so is the best one when a better one comes."""
import torch
from torch import nn

torch.manual_seed(0)
x = torch.randn(16, 3)
model = nn.Linear(3, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
before, best = torch.tensor(float("inf")), None
for step in range(2):
    loss = nn.functional.mse_loss(model(x), x[:, :1])
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if abs(before - loss) < 1e-6:
        break
    before = loss
    if best is None or loss < best:
        best = loss
print(best.item())
