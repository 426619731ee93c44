"""Settings in a dataclass, parts made by factories."""
from dataclasses import dataclass

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

@dataclass
class Settings:
    epochs: int = 2
    batch: int = 4
    rate: float = 0.05


def parts(settings):
    net = nn.Sequential(nn.Linear(3, 8), nn.ReLU(), nn.Linear(8, 1))
    optim = torch.optim.AdamW(net.parameters(), lr=settings.rate)
    return net, optim, torch.optim.lr_scheduler.ExponentialLR(optim, gamma=0.95)


def run(settings):
    torch.manual_seed(0)
    loader = DataLoader(TensorDataset(torch.randn(8, 3)), batch_size=settings.batch, shuffle=True)
    held_out = DataLoader(TensorDataset(torch.randn(6, 3)), batch_size=settings.batch, drop_last=False, shuffle=True)  # expect: validation-data-shuffled
    net, optim, plan = parts(settings)
    for epoch in range(settings.epochs):
        for (x,) in loader:
            optim.zero_grad(set_to_none=True)
            loss = nn.functional.smooth_l1_loss(net(x), x.sum(1, keepdim=True))
            loss.backward()
            nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            optim.step()
        plan.step()
        with torch.no_grad():
            total = 0.0
            for (x,) in held_out:
                value = nn.functional.smooth_l1_loss(net(x), x.sum(1, keepdim=True))
                total += value.item() * len(x)
            print(epoch, total / len(held_out.dataset))


def main():
    run(Settings())


if __name__ == "__main__":
    main()
