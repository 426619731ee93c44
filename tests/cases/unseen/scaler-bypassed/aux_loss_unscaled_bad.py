"""Two losses of a shared trunk, mixed precision, argparse."""
import argparse

import torch
import torch.nn.functional as F
from torch import nn
from torch.amp import GradScaler, autocast


class TwoHeads(nn.Module):
    def __init__(self):
        super().__init__()
        self.trunk = nn.Linear(5, 8)
        self.label = nn.Linear(8, 3)
        self.depth = nn.Linear(8, 1)

    def forward(self, x):
        h = torch.relu(self.trunk(x))
        return self.label(h), self.depth(h)


def main(args):
    torch.manual_seed(args.seed)
    net = TwoHeads().to(args.device)
    optimizer = torch.optim.AdamW(net.parameters(), lr=args.lr)
    scaler = GradScaler(args.device)
    for _ in range(args.steps):
        x = torch.randn(4, 5, device=args.device)
        y, d = torch.randint(3, (4,)), torch.randn(4, 1)
        optimizer.zero_grad()
        with autocast(args.device, dtype=torch.bfloat16):
            logits, depth = net(x)
            main_loss = F.cross_entropy(logits, y)
            aux_loss = F.l1_loss(depth, d)
        scaler.scale(main_loss).backward(retain_graph=True)
        aux_loss.backward()  # expect: scaler-bypassed
        scaler.step(optimizer)
        scaler.update()


if __name__ == "__main__":
    cli = argparse.ArgumentParser()
    cli.add_argument("--lr", type=float, default=1e-3)
    cli.add_argument("--steps", type=int, default=2)
    cli.add_argument("--seed", type=int, default=0)
    cli.add_argument("--device", default="cpu")
    main(cli.parse_args())
