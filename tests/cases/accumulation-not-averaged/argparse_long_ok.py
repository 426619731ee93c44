"""argparse script with more batches than are worth unrolling."""
import argparse

import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, TensorDataset

parser = argparse.ArgumentParser()
parser.add_argument("--accum", type=int, default=4)
parser.add_argument("--epochs", type=int, default=2)
args = parser.parse_args([])
torch.manual_seed(0)
loader = DataLoader(TensorDataset(torch.randn(48, 3), torch.randint(0, 3, (48,))), batch_size=4, shuffle=True)
net = nn.Linear(3, 3)
opt = torch.optim.Adam(net.parameters(), lr=1e-2)
for epoch in range(args.epochs):
    for step, (x, y) in enumerate(loader, start=1):
        loss = F.cross_entropy(net(x), y)
        (loss / args.accum).backward()
        if step % args.accum == 0:
            opt.step()
            opt.zero_grad(set_to_none=True)
    print(epoch, loss.item())
