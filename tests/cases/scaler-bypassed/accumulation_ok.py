"""argparse script with accumulation and --amp, on by default."""
import argparse

import torch
from torch import nn

parser = argparse.ArgumentParser()
parser.add_argument("--amp", action="store_false")
parser.add_argument("--every", type=int, default=2)
args = parser.parse_args([])
torch.manual_seed(0)
model = nn.Linear(3, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
scaler = torch.amp.GradScaler("cpu", enabled=args.amp)
batches = [(torch.randn(4, 3), torch.randn(4, 1)) for _ in range(4)]
for epoch in range(2):
    for i, (x, y) in enumerate(batches):
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=args.amp):
            loss = nn.functional.mse_loss(model(x), y) / args.every
        scaler.scale(loss).backward()
        if (i + 1) % args.every == 0:
            scaler.step(optimizer)
            scaler.update()
            optimizer.zero_grad()
    print(epoch, loss.item() * args.every)
