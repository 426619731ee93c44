"""Schedules inside a SequentialLR: its children are not stepped by anyone else."""
import torch
from torch import nn
from torch.optim import lr_scheduler as S

torch.manual_seed(0)
model = nn.Linear(4, 2)
opt = torch.optim.AdamW(model.parameters(), lr=1e-2)
epochs, batches = 2, 3
warm = S.LinearLR(opt, start_factor=0.2, total_iters=2)
cosine = S.CosineAnnealingLR(opt, T_max=epochs * batches - 2)
schedule = S.SequentialLR(opt, schedulers=[warm, cosine], milestones=[2])
for epoch in range(epochs):
    for _ in range(batches):
        x, y = torch.randn(4, 4), torch.randint(2, (4,))
        opt.zero_grad()
        nn.functional.cross_entropy(model(x), y).backward()
        opt.step()
        schedule.step()
