"""Accelerate with accumulation: self-guarding step, clearing, clipping and schedule."""
import torch
from accelerate import Accelerator
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
accelerator = Accelerator(cpu=True, gradient_accumulation_steps=2)
net = nn.Linear(3, 1)
epochs = 2
opt = torch.optim.AdamW(net.parameters(), lr=1e-2)
loader = DataLoader(TensorDataset(torch.randn(16, 3), torch.randn(16, 1)), batch_size=4, shuffle=True)
sched = torch.optim.lr_scheduler.CosineAnnealingLR(opt, T_max=epochs * len(loader) // 2)
model, opt, loader, sched = accelerator.prepare(net, opt, loader, sched)
for epoch in range(epochs):
    model.train()
    for x, y in loader:
        with accelerator.accumulate(model):
            loss = nn.functional.mse_loss(model(x), y)
            accelerator.backward(loss)
            if accelerator.sync_gradients:
                accelerator.clip_grad_norm_(model.parameters(), 1.0)
            opt.step()
            sched.step()
            opt.zero_grad()
    accelerator.print(epoch, loss.item(), sched.get_last_lr())
