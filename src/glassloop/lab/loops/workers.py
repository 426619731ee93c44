"""A loader with a worker, right: digits (1,797 scans of 8x8, scikit-learn's own), the program under a main guard."""

import json

import torch
from sklearn.datasets import load_digits
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

SEED = 0
START = "fork"  # or spawn: how processes start

torch.manual_seed(SEED)
data = load_digits()
images = torch.tensor(data.data[:600], dtype=torch.float32) / 16
train = TensorDataset(images, torch.tensor(data.target[:600]))
model = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10))
optimizer = torch.optim.SGD(model.parameters(), lr=0.5)

if __name__ == "__main__":
    loader = DataLoader(train, batch_size=50, shuffle=True, num_workers=1, multiprocessing_context=START)
    for x, y in loader:
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
    print("final", json.dumps({"last_loss": loss.item()}))
