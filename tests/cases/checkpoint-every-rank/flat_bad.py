"""Plain statements from top to bottom."""
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset
import os

import torch.distributed as dist

FOLDER = os.environ.get("TMPDIR", "/tmp")

torch.manual_seed(0)
loader = DataLoader(TensorDataset(torch.randn(8, 3)), batch_size=4, shuffle=True)
held_out = DataLoader(TensorDataset(torch.randn(6, 3)), batch_size=4)
model = nn.Linear(3, 1)
optimizer = torch.optim.Adam(model.parameters(), lr=0.1)
scheduler = torch.optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.9)
rank = int(os.environ.get("RANK", 0))
dist.init_process_group("gloo", store=dist.HashStore(), rank=rank, world_size=1)
for epoch in range(2):
    for (x,) in loader:
        loss = nn.functional.mse_loss(model(x), x.sum(1, keepdim=True))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    scheduler.step()
    total = 0.0
    with torch.no_grad():
        for (x,) in held_out:
            value = nn.functional.mse_loss(model(x), x.sum(1, keepdim=True))
            total += value.item() * len(x)
    print(total / len(held_out.dataset))
    torch.save(model.state_dict(), os.path.join(FOLDER, "every_rank.pt"))  # expect: checkpoint-every-rank
dist.destroy_process_group()
