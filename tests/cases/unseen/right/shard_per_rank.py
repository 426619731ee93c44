"""Every rank writes, but each a file of its own."""
import os
import tempfile

import torch
import torch.distributed as dist
from torch import nn

if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        dist.init_process_group("gloo", init_method=f"file://{folder}/store", rank=0, world_size=1)
        rank = dist.get_rank()
        torch.manual_seed(rank)
        model = nn.parallel.DistributedDataParallel(nn.Linear(2, 1))
        opt = torch.optim.SGD(model.parameters(), lr=0.1)
        for step in range(2):
            opt.zero_grad()
            nn.functional.mse_loss(model(torch.randn(4, 2)), torch.randn(4, 1)).backward()
            opt.step()
            torch.save(torch.get_rng_state(), os.path.join(folder, f"rng_{rank}.pt"))
        del model  # DDP that outlives its group can hang as it is freed (docs/log.md)
        dist.destroy_process_group()
