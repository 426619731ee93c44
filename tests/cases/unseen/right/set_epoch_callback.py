"""The sampler's epoch is set by a callback that the trainer calls."""
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset
from torch.utils.data.distributed import DistributedSampler


class EpochSetter:
    def __init__(self, sampler):
        self.sampler = sampler

    def on_epoch_start(self, epoch):
        self.sampler.set_epoch(epoch)


class Trainer:
    def __init__(self, model, callbacks):
        self.model, self.callbacks = model, callbacks
        self.opt = torch.optim.SGD(model.parameters(), lr=0.1)

    def fire(self, hook, *args):
        for callback in self.callbacks:
            getattr(callback, hook)(*args)

    def fit(self, loader, epochs):
        for epoch in range(epochs):
            self.fire("on_epoch_start", epoch)
            for x, y in loader:
                self.opt.zero_grad()
                nn.functional.mse_loss(self.model(x), y).backward()
                self.opt.step()


torch.manual_seed(0)
data = TensorDataset(torch.randn(8, 3), torch.randn(8, 1))
sampler = DistributedSampler(data, num_replicas=2, rank=0)
Trainer(nn.Linear(3, 1), [EpochSetter(sampler)]).fit(DataLoader(data, batch_size=2, sampler=sampler), 2)
