"""A Trainer class whose schedule's length is a product kept as an attribute."""
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


class Trainer:
    def __init__(self, model, loader, epochs):
        self.model, self.loader, self.epochs = model, loader, epochs
        self.optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        self.num_steps = len(loader) * epochs
        self.decay = torch.optim.lr_scheduler.LinearLR(
            self.optimizer, start_factor=1.0, end_factor=0.01, total_iters=self.num_steps
        )

    def train_step(self, x, y):
        self.optimizer.zero_grad()
        loss = nn.functional.mse_loss(self.model(x), y)
        loss.backward()
        self.optimizer.step()
        self.decay.step()
        return loss.item()

    def fit(self):
        for epoch in range(self.epochs):
            losses = [self.train_step(x, y) for x, y in self.loader]
            print(epoch, sum(losses) / len(losses))


torch.manual_seed(0)
data = TensorDataset(torch.randn(8, 3), torch.randn(8, 1))
Trainer(nn.Linear(3, 1), DataLoader(data, batch_size=4, shuffle=True), epochs=2).fit()
