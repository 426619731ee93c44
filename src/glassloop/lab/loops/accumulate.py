"""Accumulation, right: digits (scikit-learn's 1,797 scans of 8x8), a step every MICRO batches of 25, losses averaged."""

import json

import torch
from sklearn.datasets import load_digits
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

SEED = 0
EPOCHS = 8
MICRO = 4
OPTIMIZER = torch.optim.SGD
LR = 0.5

torch.manual_seed(SEED)
data = load_digits()
images = torch.tensor(data.data, dtype=torch.float32) / 16
labels = torch.tensor(data.target)
order = torch.randperm(len(labels), generator=torch.Generator().manual_seed(0))  # one split for every seed
train = TensorDataset(images[order[:600]], labels[order[:600]])
held_out_images, held_out_labels = images[order[600:]], labels[order[600:]]
loader = DataLoader(train, batch_size=25, shuffle=True)  # 24 batches an epoch: whole windows for MICRO = 1, 2, 3, 4, 6

model = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10))
optimizer = OPTIMIZER(model.parameters(), lr=LR)

for epoch in range(EPOCHS):
    model.train()
    for index, (x, y) in enumerate(loader):
        loss = nn.functional.cross_entropy(model(x), y) / MICRO
        loss.backward()
        if (index + 1) % MICRO == 0:
            optimizer.step()
            optimizer.zero_grad()
model.eval()
with torch.no_grad():
    logits = model(held_out_images)
    right = (logits.argmax(1) == held_out_labels).sum().item()
    held_out_loss = nn.functional.cross_entropy(logits, held_out_labels).item()
print("final", json.dumps({"val_accuracy": right / len(held_out_labels), "val_loss": held_out_loss}))
