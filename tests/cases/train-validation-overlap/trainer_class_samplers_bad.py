"""A Trainer class; one dataset, two samplers."""
import torch
from torch import nn
from torch.utils.data import DataLoader, SubsetRandomSampler, TensorDataset


class Trainer:
    def __init__(self, net, data, split, epochs):
        self.net, self.epochs = net, epochs
        self.optim = torch.optim.Adam(net.parameters(), lr=1e-2)
        self.criterion = nn.CrossEntropyLoss()
        order = torch.randperm(len(data), generator=torch.Generator().manual_seed(3)).tolist()
        self.train_loader = DataLoader(data, batch_size=6, sampler=SubsetRandomSampler(order[split:]))
        kept = SubsetRandomSampler(order[: split + 6])
        self.val_loader = DataLoader(data, batch_size=6, sampler=kept)  # expect: train-validation-overlap

    def fit(self):
        for epoch in range(self.epochs):
            for x, y in self.train_loader:
                self.optim.zero_grad()
                self.criterion(self.net(x), y).backward()
                self.optim.step()
            print(epoch, self.score())

    def score(self):
        right = seen = 0
        with torch.inference_mode():
            for x, y in self.val_loader:
                right += (self.net(x).argmax(1) == y).sum().item()
                seen += len(y)
        return right / seen


torch.manual_seed(0)
points = torch.randn(36, 2)
Trainer(nn.Linear(2, 2), TensorDataset(points, (points[:, 0] > 0).long()), 12, 2).fit()
