"""A distributed trainer that keeps the best weights."""
import os
import tempfile

import torch
import torch.distributed as dist
from torch import nn


class Runner:
    def __init__(self, model, rank, folder):
        self.rank, self.folder = rank, folder
        self.model = nn.parallel.DistributedDataParallel(model)
        self.optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        self.best = float("inf")

    def keep(self, score):
        if score < self.best:
            self.best = score
            torch.save(self.model.module.state_dict(), f"{self.folder}/best.pth")  # expect: checkpoint-every-rank

    def fit(self, batches):
        for x, y in batches:
            loss = nn.functional.mse_loss(self.model(x), y)
            self.optimizer.zero_grad()
            loss.backward()
            self.optimizer.step()
            self.keep(loss.item())


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        store = dist.FileStore(os.path.join(folder, "store"), 1)
        dist.init_process_group("gloo", store=store, rank=0, world_size=1)
        torch.manual_seed(0)
        Runner(nn.Linear(2, 1), dist.get_rank(), folder).fit([(torch.randn(4, 2), torch.randn(4, 1)) for _ in range(2)])
        dist.destroy_process_group()
