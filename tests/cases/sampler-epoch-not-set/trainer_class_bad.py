"""A Trainer class with a method a phase."""
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset
from torch.utils.data.distributed import DistributedSampler


class Trainer:
    def __init__(self, net, epochs):
        self.net = net
        self.epochs = epochs
        self.optim = torch.optim.Adam(net.parameters(), lr=1e-2)
        self.plan = torch.optim.lr_scheduler.ExponentialLR(self.optim, 0.9)
        self.criterion = nn.MSELoss()
        rows = TensorDataset(torch.randn(16, 3))
        self.sampler = DistributedSampler(rows, num_replicas=2, rank=0)
        self.loader = DataLoader(rows, batch_size=4, sampler=self.sampler)
        self.held_out = DataLoader(TensorDataset(torch.randn(6, 3)), batch_size=4)

    def fit(self):
        for epoch in range(self.epochs):
            self.train_one(epoch)
            self.plan.step()
            print(self.validate())

    def train_one(self, epoch):
        for (x,) in self.loader:  # expect: sampler-epoch-not-set
            loss = self.criterion(self.net(x), x[:, :1])
            self.optim.zero_grad()
            loss.backward()
            self.optim.step()

    def validate(self):
        total = 0.0
        with torch.inference_mode():
            for (x,) in self.held_out:
                value = self.criterion(self.net(x), x[:, :1])
                total += value.item() * len(x)
        return total / len(self.held_out.dataset)


def main():
    torch.manual_seed(0)
    Trainer(nn.Linear(3, 1), 2).fit()


if __name__ == "__main__":
    main()
