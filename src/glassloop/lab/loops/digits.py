"""A whole small training, and right: digits (1,797 scans of 8x8, scikit-learn's own), 600 to train on, the rest held out."""

import json

import torch
from sklearn.datasets import load_digits
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

SEED = 0
EPOCHS = 4
BATCH = 50
VAL_BATCH = 400
OPTIMIZER = torch.optim.SGD
LR = 0.5
T_MAX = EPOCHS
CLIP = 1.0
NORM = nn.Identity  # or nn.BatchNorm1d
DROPOUT = 0.0
DAMAGED = 0  # training scans that are a thousand times too bright

torch.manual_seed(SEED)
data = load_digits()
images = torch.tensor(data.data, dtype=torch.float32) / 16
labels = torch.tensor(data.target)
order = torch.randperm(len(labels), generator=torch.Generator().manual_seed(0))  # one split for every seed
images[order[:DAMAGED]] *= 1000
train = TensorDataset(images[order[:600]], labels[order[:600]])
held_out = TensorDataset(images[order[600:]], labels[order[600:]])
loader = DataLoader(train, batch_size=BATCH, shuffle=True)
validation = DataLoader(held_out, batch_size=VAL_BATCH)

model = nn.Sequential(nn.Linear(64, 64), NORM(64), nn.ReLU(), nn.Dropout(DROPOUT), nn.Linear(64, 10))
optimizer = OPTIMIZER(model.parameters(), lr=LR)
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=T_MAX)

losses = set()
for epoch in range(EPOCHS):
    model.train()
    for x, y in loader:
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(x), y)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), CLIP)
        optimizer.step()
    scheduler.step()
    model.eval()
    right, total, seen = 0, 0.0, 0
    with torch.no_grad():
        for x, y in validation:
            logits = model(x)
            total += nn.functional.cross_entropy(logits, y, reduction="sum").item()
            right += (logits.argmax(1) == y).sum().item()
            seen += len(y)
    val_loss = round(float(total) / seen, 5)
    losses.add(val_loss)
result = {"val_accuracy": right / seen, "val_loss": val_loss, "val_losses": len(losses), "seen": seen}
print("final", json.dumps(result))
