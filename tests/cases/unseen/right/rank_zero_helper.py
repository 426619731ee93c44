"""Saving goes through a helper that only the first rank carries out."""
import os
import tempfile

import torch
import torch.distributed as dist
from torch import nn


def is_main_process():
    return not dist.is_initialized() or dist.get_rank() == 0


def save_on_master(*args, **kwargs):
    if is_main_process():
        torch.save(*args, **kwargs)


def main(folder):
    dist.init_process_group("gloo", init_method=f"file://{folder}/store", rank=0, world_size=1)
    torch.manual_seed(0)
    model = nn.parallel.DistributedDataParallel(nn.Linear(3, 1))
    opt = torch.optim.SGD(model.parameters(), lr=0.1)
    for epoch in range(2):
        for _ in range(2):
            opt.zero_grad()
            nn.functional.mse_loss(model(torch.randn(4, 3)), torch.randn(4, 1)).backward()
            opt.step()
        save_on_master(model.module.state_dict(), os.path.join(folder, "weights.pt"))
    del model  # DDP that outlives its group can hang as it is freed (docs/log.md)
    dist.destroy_process_group()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        main(folder)
