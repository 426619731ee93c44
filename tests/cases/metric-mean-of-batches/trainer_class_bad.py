"""A Trainer class with a method a phase."""
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

class Trainer:
    def __init__(self, net, epochs):
        self.net = net
        self.epochs = epochs
        self.optim = torch.optim.Adam(net.parameters(), lr=1e-2)
        self.plan = torch.optim.lr_scheduler.ExponentialLR(self.optim, 0.9)
        self.criterion = nn.MSELoss()
        self.loader = DataLoader(TensorDataset(torch.randn(8, 3)), batch_size=4, shuffle=True)
        self.held_out = DataLoader(TensorDataset(torch.randn(6, 3)), batch_size=4)

    def fit(self):
        for epoch in range(self.epochs):
            self.train_one(epoch)
            self.plan.step()
            print(self.validate())

    def train_one(self, epoch):
        for (x,) in self.loader:
            loss = self.criterion(self.net(x), x[:, :1])
            self.optim.zero_grad()
            loss.backward()
            self.optim.step()

    def validate(self):
        total = 0.0
        with torch.inference_mode():
            for (x,) in self.held_out:
                value = self.criterion(self.net(x), x[:, :1])
                total += value.item()
        return total / len(self.held_out)  # expect: metric-mean-of-batches


def main():
    torch.manual_seed(0)
    Trainer(nn.Linear(3, 1), 2).fit()


if __name__ == "__main__":
    main()
