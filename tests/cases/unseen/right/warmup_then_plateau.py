"""A linear warm-up each batch, then a plateau schedule each epoch; both lengths fit their steps."""
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

EPOCHS = 3
torch.manual_seed(0)
train = DataLoader(TensorDataset(torch.randn(8, 3), torch.randn(8, 1)), batch_size=4, shuffle=True)
model = nn.Linear(3, 1)
opt = torch.optim.SGD(model.parameters(), lr=0.1)
warmup_iters = len(train)
warmup = torch.optim.lr_scheduler.LinearLR(opt, start_factor=0.1, total_iters=warmup_iters)
plateau = torch.optim.lr_scheduler.ReduceLROnPlateau(opt, patience=1)
for epoch in range(EPOCHS):
    total = 0.0
    for x, y in train:
        loss = nn.functional.mse_loss(model(x), y)
        opt.zero_grad()
        loss.backward()
        opt.step()
        if epoch == 0:
            warmup.step()
        total += loss.item() * len(x)
    if epoch > 0:
        plateau.step(total / 8)
