"""Two schedules on two clocks: a warm-up by update and a decay by epoch."""
import torch
from torch import nn

torch.manual_seed(0)
EPOCHS = 2
batches = [(torch.randn(4, 3), torch.randn(4, 1)) for _ in range(2)]
model = nn.Linear(3, 1)
opt = torch.optim.AdamW(model.parameters(), lr=1e-2)
warm = torch.optim.lr_scheduler.LinearLR(opt, start_factor=0.1, total_iters=EPOCHS * len(batches))
decay = torch.optim.lr_scheduler.StepLR(opt, step_size=max(1, EPOCHS // 2), gamma=0.5)
for epoch in range(EPOCHS):
    for x, y in batches:
        opt.zero_grad()
        nn.functional.mse_loss(model(x), y).backward()
        opt.step()
        warm.step()
    decay.step()
    print(epoch, opt.param_groups[0]["lr"])
