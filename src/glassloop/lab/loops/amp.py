"""Mixed precision, right: digits (scikit-learn's 1,797 scans of 8x8), float16 autocast on the CPU, and a GradScaler."""

import json

import torch
from sklearn.datasets import load_digits
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

SEED = 0
EPOCHS = 4
OPTIMIZER = torch.optim.SGD
LR = 0.5
CLIP = 1.0

torch.manual_seed(SEED)
data = load_digits()
images = torch.tensor(data.data, dtype=torch.float32) / 16
labels = torch.tensor(data.target)
order = torch.randperm(len(labels), generator=torch.Generator().manual_seed(0))  # one split for every seed
train = TensorDataset(images[order[:600]], labels[order[:600]])
held_out_images, held_out_labels = images[order[600:]], labels[order[600:]]
loader = DataLoader(train, batch_size=50, shuffle=True)

model = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10))
optimizer = OPTIMIZER(model.parameters(), lr=LR)
scaler = torch.amp.GradScaler("cpu")

for epoch in range(EPOCHS):
    model.train()
    for x, y in loader:
        optimizer.zero_grad()
        with torch.autocast("cpu", dtype=torch.float16):
            loss = nn.functional.cross_entropy(model(x), y)
        scaler.scale(loss).backward()
        scaler.unscale_(optimizer)
        torch.nn.utils.clip_grad_norm_(model.parameters(), CLIP)
        scaler.step(optimizer)
        scaler.update()
model.eval()
with torch.no_grad():
    logits = model(held_out_images)
    right = (logits.argmax(1) == held_out_labels).sum().item()
    held_out_loss = nn.functional.cross_entropy(logits, held_out_labels).item()
print("final", json.dumps({"val_accuracy": right / len(held_out_labels), "val_loss": held_out_loss}))
