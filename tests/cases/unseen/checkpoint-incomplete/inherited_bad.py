"""A base class that loops, a subclass that knows the task."""
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset
import os
import tempfile

FILE = os.path.join(tempfile.mkdtemp(), "last.pt")


class Base:
    epochs = 2

    def run(self):
        for epoch in range(self.epochs):
            for (x,) in self.batches:
                loss = self.loss(x)
                self.opt.zero_grad()
                loss.backward()
                self.opt.step()
            self.decay.step()
            print(self.check())
            self.after(epoch)

    @torch.no_grad()
    def check(self):
        total = 0.0
        for (x,) in self.held_out:
            value = self.loss(x)
            total += value.item() * len(x)
        return total / len(self.held_out.dataset)


class Task(Base):
    def __init__(self):
        self.net = nn.Sequential(nn.Linear(3, 4), nn.GELU(), nn.Linear(4, 3))
        self.opt = torch.optim.AdamW(self.net.parameters(), lr=0.01)
        self.decay = torch.optim.lr_scheduler.ExponentialLR(self.opt, 0.9)
        self.batches = DataLoader(TensorDataset(torch.randn(8, 3)), batch_size=4, shuffle=True)
        self.held_out = DataLoader(TensorDataset(torch.randn(6, 3)), batch_size=4)
        if os.path.exists(FILE):
            state = torch.load(FILE)
            self.net.load_state_dict(state["model"])
            self.opt.load_state_dict(state["optimizer"])

    def loss(self, x):
        return nn.functional.mse_loss(self.net(x), x)

    def after(self, epoch):
        torch.save({"model": self.net.state_dict(), "optimizer": self.opt.state_dict(), "epoch": epoch}, FILE)  # expect: checkpoint-incomplete
        return epoch


def main():
    torch.manual_seed(0)
    Task().run()


if __name__ == "__main__":
    main()
