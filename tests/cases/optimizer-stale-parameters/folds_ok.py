"""Cross-validation: a new model for every fold."""
import torch
from torch import nn
from torch.utils.data import DataLoader, Subset, TensorDataset


def build():
    return nn.Sequential(nn.Linear(3, 8), nn.Tanh(), nn.Linear(8, 1))


torch.manual_seed(0)
data = TensorDataset(torch.randn(8, 3), torch.randn(8, 1))
for fold in range(2):
    model = build()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
    held_out = range(fold * 4, fold * 4 + 4)
    loader = DataLoader(Subset(data, [i for i in range(8) if i not in held_out]), batch_size=2, shuffle=True)
    for x, y in loader:
        optimizer.zero_grad()
        nn.functional.mse_loss(model(x), y).backward()
        optimizer.step()
