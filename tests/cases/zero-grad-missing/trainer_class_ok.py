"""A Trainer class that owns model, optimizer and loop."""
import torch
import torch.nn as nn
from torch.utils.data import DataLoader, TensorDataset


class Trainer:
    def __init__(self, net, train_loader, lr=1e-2):
        self.net = net
        self.train_loader = train_loader
        self.optim = torch.optim.Adam(self.net.parameters(), lr=lr)
        self.loss_fn = nn.CrossEntropyLoss()

    def _run_batch(self, source, targets):
        self.optim.zero_grad()
        logits = self.net(source)
        loss = self.loss_fn(logits, targets)
        loss.backward()
        self.optim.step()
        return loss.item()

    def _run_epoch(self, epoch):
        losses = []
        for source, targets in self.train_loader:
            losses.append(self._run_batch(source, targets))
        print(f"[{epoch}] {sum(losses) / len(losses):.4f}")

    def train(self, max_epochs):
        self.net.train()
        for epoch in range(max_epochs):
            self._run_epoch(epoch)


def main():
    torch.manual_seed(0)
    data = TensorDataset(torch.randn(8, 5), torch.randint(0, 3, (8,)))
    loader = DataLoader(data, batch_size=4, shuffle=True)
    trainer = Trainer(nn.Linear(5, 3), loader)
    trainer.train(2)


if __name__ == "__main__":
    main()
