"""After training, batch-norm's statistics are gathered once more: training mode, no graph, no answer used."""
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
loader = DataLoader(TensorDataset(torch.randn(8, 3), torch.randn(8, 1)), batch_size=4, shuffle=True)
model = nn.Sequential(nn.Linear(3, 8), nn.BatchNorm1d(8, momentum=None), nn.ReLU(), nn.Linear(8, 1))
optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
model.train()
for epoch in range(2):
    for x, y in loader:
        optimizer.zero_grad()
        nn.functional.mse_loss(model(x), y).backward()
        optimizer.step()
model[1].reset_running_stats()
with torch.no_grad():
    for x, _ in loader:
        model(x)
model.eval()
with torch.no_grad():
    print(model(torch.randn(4, 3)).mean().item())
