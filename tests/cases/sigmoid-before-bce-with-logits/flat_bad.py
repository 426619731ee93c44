"""Flat script: a Sequential model with one output."""
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
data = TensorDataset(torch.randn(8, 4), torch.randint(2, (8, 1)).float())
loader = DataLoader(data, batch_size=4, shuffle=True)
model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 1), nn.Sigmoid())
optimizer = torch.optim.Adam(model.parameters())
loss_fn = nn.BCEWithLogitsLoss(pos_weight=torch.tensor([2.0]))

for epoch in range(2):
    for x, y in loader:
        optimizer.zero_grad()
        loss = loss_fn(model(x), y)  # expect: sigmoid-before-bce-with-logits
        loss.backward()
        optimizer.step()
    print(epoch, loss.item())
