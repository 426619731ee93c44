"""A Trainer with snapshots, as in the multi-GPU tutorial."""
import os
import tempfile

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


class Trainer:
    def __init__(self, model, loader, path):
        self.model, self.loader, self.path = model, loader, path
        self.optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
        self.epochs_run = 0
        if os.path.exists(path):
            self.load_snapshot()

    def load_snapshot(self):
        snapshot = torch.load(self.path, map_location="cpu", weights_only=True)
        self.model.load_state_dict(snapshot["MODEL_STATE"])
        self.epochs_run = snapshot["EPOCHS_RUN"]

    def save_snapshot(self, epoch):
        snapshot = {}
        snapshot["MODEL_STATE"] = self.model.state_dict()
        snapshot["EPOCHS_RUN"] = epoch + 1
        torch.save(snapshot, self.path)  # expect: checkpoint-incomplete

    def train(self, max_epochs):
        for epoch in range(self.epochs_run, max_epochs):
            for x, y in self.loader:
                self.optimizer.zero_grad()
                nn.functional.cross_entropy(self.model(x), y).backward()
                self.optimizer.step()
            self.save_snapshot(epoch)


torch.manual_seed(0)
loader = DataLoader(TensorDataset(torch.randn(8, 4), torch.randint(2, (8,))), batch_size=4, shuffle=True)
path = os.path.join(tempfile.mkdtemp(), "snapshot.pt")
Trainer(nn.Linear(4, 2), loader, path).train(1)
Trainer(nn.Linear(4, 2), loader, path).train(2)
