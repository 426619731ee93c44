"""The share of one of two processes, right: digits (1,797 scans of 8x8), a DistributedSampler over 600 of them."""

import json

import torch
from sklearn.datasets import load_digits
from torch import nn
from torch.utils.data import DataLoader, DistributedSampler, TensorDataset

SEED = 0
EPOCHS = 20
LR = 0.5
SHUFFLE = True

torch.manual_seed(SEED)
data = load_digits()
images = torch.tensor(data.data, dtype=torch.float32) / 16
labels = torch.tensor(data.target)
order = torch.randperm(len(labels), generator=torch.Generator().manual_seed(0))  # one split for every seed
numbers = torch.arange(600)  # each sample brings its number, to count which were seen
train = TensorDataset(images[order[:600]], labels[order[:600]], numbers)
held_out_images, held_out_labels = images[order[600:]], labels[order[600:]]
sampler = DistributedSampler(train, num_replicas=2, rank=0, seed=SEED, shuffle=SHUFFLE)
loader = DataLoader(train, batch_size=50, sampler=sampler)

model = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10))
optimizer = torch.optim.SGD(model.parameters(), lr=LR)
seen, orders = set(), set()
for epoch in range(EPOCHS):
    sampler.set_epoch(epoch)
    this_pass = []
    for x, y, number in loader:
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        this_pass += number.tolist()
    seen.update(this_pass)
    orders.add(tuple(this_pass))
model.eval()
with torch.no_grad():
    logits = model(held_out_images)
    right = (logits.argmax(1) == held_out_labels).sum().item()
    held_out_loss = nn.functional.cross_entropy(logits, held_out_labels).item()
result = {"val_accuracy": right / len(held_out_labels), "val_loss": held_out_loss}
print("final", json.dumps({**result, "samples_seen": len(seen), "orders": len(orders)}))
