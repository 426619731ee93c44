"""A schedule that counts validations, of which there are several an epoch."""
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
train = DataLoader(TensorDataset(torch.randn(16, 3), torch.randn(16, 1)), batch_size=4, shuffle=True)
held_out = DataLoader(TensorDataset(torch.randn(8, 3), torch.randn(8, 1)), batch_size=4)
model = nn.Sequential(nn.Linear(3, 4), nn.Dropout(0.1), nn.Linear(4, 1))
opt = torch.optim.SGD(model.parameters(), lr=0.1)
schedule = torch.optim.lr_scheduler.ReduceLROnPlateau(opt, patience=2)
step = 0
for epoch in range(2):
    for x, y in train:
        model.train()
        opt.zero_grad()
        nn.functional.mse_loss(model(x), y).backward()
        opt.step()
        step += 1
        if step % 2 == 0:
            model.eval()
            with torch.no_grad():
                total = sum(nn.functional.mse_loss(model(a), b, reduction="sum").item() for a, b in held_out)
            schedule.step(total / 8)
