"""Mixed precision in a function that gets its schedule as an argument."""
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


def run(net, loader, opt, schedule, epochs):
    scaler = torch.amp.GradScaler("cpu")
    for _ in range(epochs):
        for x, y in loader:
            opt.zero_grad()
            with torch.autocast("cpu", dtype=torch.bfloat16):
                loss = nn.functional.mse_loss(net(x), y)
            scaler.scale(loss).backward()
            scaler.step(opt)
            scaler.update()
            schedule.step()


torch.manual_seed(0)
loader = DataLoader(TensorDataset(torch.randn(8, 3), torch.randn(8, 1)), batch_size=4, shuffle=True)
net = nn.Linear(3, 1)
opt = torch.optim.AdamW(net.parameters())
run(net, loader, opt, torch.optim.lr_scheduler.PolynomialLR(opt, total_iters=2 * len(loader)), epochs=2)
