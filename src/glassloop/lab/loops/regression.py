"""A regression, right: diabetes (442 patients, ten measures, scikit-learn's own), 300 to train on, the rest held out."""

import json

import torch
from sklearn.datasets import load_diabetes
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

SEED = 0
EPOCHS = 20
BATCH = 50
LR = 0.02

torch.manual_seed(SEED)
data = load_diabetes()
measures = torch.tensor(data.data, dtype=torch.float32)
targets = torch.tensor(data.target, dtype=torch.float32).unsqueeze(1)
order = torch.randperm(len(targets), generator=torch.Generator().manual_seed(0))  # one split for every seed
first, rest = order[:300], order[300:]
measures = (measures - measures[first].mean(0)) / measures[first].std(0)
targets = (targets - targets[first].mean()) / targets[first].std()
loader = DataLoader(TensorDataset(measures[first], targets[first]), batch_size=BATCH, shuffle=True)

model = nn.Sequential(nn.Linear(10, 16), nn.ReLU(), nn.Linear(16, 1))
optimizer = torch.optim.SGD(model.parameters(), lr=LR, momentum=0.9)
for epoch in range(EPOCHS):
    for x, y in loader:
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(model(x), y)
        loss.backward()
        optimizer.step()
with torch.no_grad():
    output = model(measures[rest])
    held_out_loss = nn.functional.mse_loss(output, targets[rest]).item()
    spread = output.std().item()
print("final", json.dumps({"val_loss": held_out_loss, "spread": spread}))
