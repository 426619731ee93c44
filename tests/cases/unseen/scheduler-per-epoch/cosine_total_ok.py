"""A Trainer class with a cosine schedule over all updates."""
import torch
from torch.optim.lr_scheduler import CosineAnnealingLR
from torch.utils.data import DataLoader, TensorDataset


class Trainer:
    def __init__(self, model, loader, epochs):
        self.model, self.loader, self.epochs = model, loader, epochs
        self.optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
        total_steps = epochs * len(loader)
        self.lr_scheduler = CosineAnnealingLR(self.optimizer, T_max=total_steps)

    def train(self):
        for epoch in range(self.epochs):
            for x, y in self.loader:
                loss = torch.nn.functional.mse_loss(self.model(x), y)
                self.optimizer.zero_grad()
                loss.backward()
                self.optimizer.step()
                self.lr_scheduler.step()


torch.manual_seed(0)
dataset = TensorDataset(torch.randn(8, 2), torch.randn(8, 1))
Trainer(torch.nn.Linear(2, 1), DataLoader(dataset, batch_size=4, shuffle=True), 2).train()
