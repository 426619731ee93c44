"""A Trainer whose loaders come from a method."""
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset, distributed


class Trainer:
    def __init__(self, model, dataset, rank, world):
        self.model = model
        self.train_loader = self.make_loader(dataset, rank, world)
        self.optimizer = torch.optim.Adam(model.parameters())

    def make_loader(self, dataset, rank, world):
        sampler = distributed.DistributedSampler(dataset, num_replicas=world, rank=rank)
        return DataLoader(dataset, batch_size=2, sampler=sampler, drop_last=True)

    def run_batch(self, x, y):
        self.optimizer.zero_grad()
        loss = nn.functional.cross_entropy(self.model(x), y)
        loss.backward()
        self.optimizer.step()

    def run_epoch(self, epoch):
        self.train_loader.sampler.set_epoch(epoch)
        for x, y in self.train_loader:
            self.run_batch(x, y)

    def train(self, epochs):
        for epoch in range(epochs):
            self.run_epoch(epoch)


torch.manual_seed(0)
Trainer(nn.Linear(4, 2), TensorDataset(torch.randn(8, 4), torch.randint(2, (8,))), 0, 2).train(2)
