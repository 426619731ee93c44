"""Mixed precision in a function."""
import torch
from torch import nn


def run(model, batches):
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    scaler = torch.amp.GradScaler("cpu")
    for epoch in range(2):
        for x, y in batches:
            optimizer.zero_grad()
            with torch.autocast("cpu", dtype=torch.bfloat16):
                loss = nn.functional.mse_loss(model(x), y)
            scaler.scale(loss).backward(retain_graph=True)  # expect: retain-graph-unneeded
            scaler.step(optimizer)
            scaler.update()
        print(epoch, loss.item())


torch.manual_seed(0)
run(nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 1)), [(torch.randn(4, 3), torch.randn(4, 1)) for _ in range(2)])
