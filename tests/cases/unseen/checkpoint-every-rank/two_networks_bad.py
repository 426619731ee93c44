"""Two networks and two optimizers, trained in turn."""
import torch
from torch import nn, optim
from torch.utils.data import DataLoader, TensorDataset
import os

import torch.distributed as dist

FOLDER = os.environ.get("TMPDIR", "/tmp")


def main():
    torch.manual_seed(0)
    points = DataLoader(TensorDataset(torch.randn(8, 3)), batch_size=4, shuffle=True)
    held_out = DataLoader(TensorDataset(torch.randn(6, 3)), batch_size=4)
    coder, decoder = nn.Linear(3, 2), nn.Linear(2, 3)
    first, second = optim.Adam(coder.parameters()), optim.Adam(decoder.parameters())
    plan = optim.lr_scheduler.ExponentialLR(first, 0.9)
    mse = nn.MSELoss()
    rank = int(os.environ.get("RANK", 0))
    dist.init_process_group("gloo", store=dist.HashStore(), rank=rank, world_size=1)
    for epoch in range(2):
        for (x,) in points:
            first.zero_grad()
            second.zero_grad()
            loss = mse(decoder(coder(x)), x)
            loss.backward()
            first.step()
            second.step()
        plan.step()
        with torch.no_grad():
            total = 0.0
            for (x,) in held_out:
                value = mse(decoder(coder(x)), x)
                total += value.item() * len(x)
        print(f"{total / len(held_out.dataset)}")
        torch.save(coder.state_dict(), os.path.join(FOLDER, "every_rank.pt"))  # expect: checkpoint-every-rank


if __name__ == "__main__":
    main()
    dist.destroy_process_group()
