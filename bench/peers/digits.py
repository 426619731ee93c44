"""A digit classifier, trained as it should be: every mistake of the bench is an edit of this text."""

import json
import time

import torch
from sklearn.datasets import load_digits
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

EPOCHS = 4
torch.manual_seed(0)
torch.set_num_threads(1)

pixels, labels = load_digits(return_X_y=True)
images = torch.tensor(pixels, dtype=torch.float32) / 16
targets = torch.tensor(labels)
order = torch.randperm(len(images))
train_part, val_part = order[:1200], order[1200:]
train_set = TensorDataset(images[train_part], targets[train_part])
val_set = TensorDataset(images[val_part], targets[val_part])
train_loader = DataLoader(train_set, batch_size=48, shuffle=True)
val_loader = DataLoader(val_set, batch_size=199)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Linear(64, 64)
        self.norm = nn.BatchNorm1d(64)
        self.drop = nn.Dropout(0.2)
        self.head = nn.Linear(64, 10)

    def forward(self, x):
        hidden = torch.relu(self.norm(self.body(x)))
        return self.head(self.drop(hidden))


model = Net()
loss_fn = nn.CrossEntropyLoss()
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=EPOCHS)
x, y = train_set[:48]


def train():
    for _ in range(EPOCHS):
        model.train()
        for x, y in train_loader:
            optimizer.zero_grad()
            loss = loss_fn(model(x), y)
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
        scheduler.step()
        model.eval()
        total = 0.0
        with torch.no_grad():
            for x, y in val_loader:
                total += loss_fn(model(x), y).item() * len(x)
    return total / len(val_set)


began = time.process_time()
# attach
ready = time.process_time()
val_loss = train()
ended = time.process_time()
# detach
print("final", json.dumps({"val_loss": val_loss, "set_up": ready - began, "loop": ended - ready}))
