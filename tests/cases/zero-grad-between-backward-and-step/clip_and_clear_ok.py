"""Clip, clear and step in a row at the end of the iteration, loss on dict batches."""
import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset


class Pairs(Dataset):
    def __init__(self, n):
        g = torch.Generator().manual_seed(n)
        self.x = torch.randn(n, 3, generator=g)

    def __len__(self):
        return len(self.x)

    def __getitem__(self, i):
        return {"input": self.x[i], "target": self.x[i].norm()}


torch.manual_seed(0)
loader = DataLoader(Pairs(8), batch_size=4, shuffle=True)
reg = nn.Sequential(nn.Linear(3, 6), nn.ReLU(), nn.Linear(6, 1))
optimizer = torch.optim.AdamW(reg.parameters(), lr=1e-3)

for epoch in range(2):
    for batch in loader:
        out = reg(batch["input"]).squeeze(-1)
        loss = nn.functional.mse_loss(out, batch["target"])
        loss.backward()
        nn.utils.clip_grad_norm_(reg.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
    print(epoch, loss.item())
