"""SequentialLR: a warm-up and a cosine joined, the whole counted in updates."""
import torch
from torch import nn
from torch.optim.lr_scheduler import CosineAnnealingLR, LinearLR, SequentialLR
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
epochs = 2
loader = DataLoader(TensorDataset(torch.randn(8, 3), torch.randn(8, 1)), batch_size=4, shuffle=True)
total = epochs * len(loader)
model = nn.Linear(3, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
warm = LinearLR(optimizer, start_factor=0.1, total_iters=1)
decay = CosineAnnealingLR(optimizer, T_max=total - 1)
scheduler = SequentialLR(optimizer, [warm, decay], milestones=[1])

for epoch in range(epochs):
    for x, y in loader:
        optimizer.zero_grad()
        nn.functional.mse_loss(model(x), y).backward()
        optimizer.step()
        scheduler.step()
        print(epoch, scheduler.get_last_lr())
