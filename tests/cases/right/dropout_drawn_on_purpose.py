"""Monte-Carlo dropout over a test loader: training mode on purpose, many answers for each batch."""
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
loader = DataLoader(TensorDataset(torch.randn(8, 3), torch.randn(8, 1)), batch_size=4, shuffle=True)
test_loader = DataLoader(TensorDataset(torch.randn(8, 3), torch.randn(8, 1)), batch_size=4)
model = nn.Sequential(nn.Linear(3, 16), nn.ReLU(), nn.Dropout(0.5), nn.Linear(16, 1))
optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
for epoch in range(2):
    for x, y in loader:
        optimizer.zero_grad()
        nn.functional.mse_loss(model(x), y).backward()
        optimizer.step()
spread, error = 0.0, 0.0
with torch.no_grad():
    for x, y in test_loader:
        draws = torch.stack([model(x) for _ in range(3)])
        spread += draws.std(0).sum().item()
        error += nn.functional.mse_loss(draws.mean(0), y).item()
print(spread, error)
