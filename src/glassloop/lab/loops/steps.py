"""A loop that counts steps, not epochs, right: digits (1,797 scans of 8x8, scikit-learn's own), 600 to train on."""

import json

import torch
from sklearn.datasets import load_digits
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

SEED = 0
STEPS = 12
LR = 0.5

torch.manual_seed(SEED)
data = load_digits()
images = torch.tensor(data.data, dtype=torch.float32) / 16
labels = torch.tensor(data.target)
order = torch.randperm(len(labels), generator=torch.Generator().manual_seed(0))  # one split for every seed
numbers = torch.arange(600)  # each sample brings its number, to count which were seen
train = TensorDataset(images[order[:600]], labels[order[:600]], numbers)
held_out_images, held_out_labels = images[order[600:]], labels[order[600:]]
loader = DataLoader(train, batch_size=50, shuffle=True)


def forever(loader):
    while True:
        yield from loader


model = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10))
optimizer = torch.optim.SGD(model.parameters(), lr=LR)
batches = forever(loader)
seen = set()
for step in range(STEPS):
    x, y, number = next(batches)
    optimizer.zero_grad()
    loss = nn.functional.cross_entropy(model(x), y)
    loss.backward()
    optimizer.step()
    seen.update(number.tolist())
model.eval()
with torch.no_grad():
    logits = model(held_out_images)
    right = (logits.argmax(1) == held_out_labels).sum().item()
    held_out_loss = nn.functional.cross_entropy(logits, held_out_labels).item()
result = {"val_accuracy": right / len(held_out_labels), "val_loss": held_out_loss, "samples_seen": len(seen)}
print("final", json.dumps(result))
