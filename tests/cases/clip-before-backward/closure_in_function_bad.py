"""Nested step() inside fit(), with a warm-up schedule counted in updates."""
import torch
from torch import nn


def fit(epochs=2, warm=4):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 6), nn.Tanh(), nn.Linear(6, 1))
    opt = torch.optim.AdamW(model.parameters(), lr=1e-3)
    ramp = torch.optim.lr_scheduler.LambdaLR(opt, lambda s: min(1.0, (s + 1) / warm))
    params = [p for group in opt.param_groups for p in group["params"]]

    def step(x, y):
        opt.zero_grad()
        loss = nn.functional.mse_loss(model(x), y)
        torch.nn.utils.clip_grad_norm_(params, 1.0)  # expect: clip-before-backward
        loss.backward()
        opt.step()
        ramp.step()
        return loss.item()

    for epoch in range(epochs):
        values = [step(torch.randn(4, 3), torch.randn(4, 1)) for _ in range(2)]
        print(epoch, values)


fit()
