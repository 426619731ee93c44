"""Two classes, right: breast cancer (569 samples of 30 measures, scikit-learn's own), 300 to train on, the rest held out."""

import json

import torch
from sklearn.datasets import load_breast_cancer
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

SEED = 0
EPOCHS = 10
OPTIMIZER = torch.optim.SGD
LR = 0.1

torch.manual_seed(SEED)
data = load_breast_cancer()
measures = torch.tensor(data.data, dtype=torch.float32)
targets = torch.tensor(data.target, dtype=torch.float32).unsqueeze(1)
order = torch.randperm(len(targets), generator=torch.Generator().manual_seed(0))  # one split for every seed
first, rest = order[:300], order[300:]
measures = (measures - measures[first].mean(0)) / measures[first].std(0)
loader = DataLoader(TensorDataset(measures[first], targets[first]), batch_size=30, shuffle=True)

model = nn.Sequential(nn.Linear(30, 16), nn.ReLU(), nn.Linear(16, 1))
optimizer = OPTIMIZER(model.parameters(), lr=LR)
for epoch in range(EPOCHS):
    for x, y in loader:
        optimizer.zero_grad()
        loss = nn.functional.binary_cross_entropy_with_logits(model(x), y)
        loss.backward()
        optimizer.step()
with torch.no_grad():
    logits = model(measures[rest])
    accuracy = ((logits > 0) == (targets[rest] > 0)).float().mean().item()
    held_out_loss = nn.functional.binary_cross_entropy_with_logits(logits, targets[rest]).item()
print("final", json.dumps({"val_accuracy": accuracy, "val_loss": held_out_loss}))
