"""Typed configuration, a generator of batches, the schedule built in a factory."""
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import CosineAnnealingLR, LRScheduler


@dataclass(frozen=True)
class Plan:
    epochs: int = 2
    batches: int = 2
    sizes: list[int] = field(default_factory=lambda: [3, 5, 1])


def schedule_for(optimizer: Optimizer, plan: Plan) -> LRScheduler:
    return CosineAnnealingLR(optimizer, T_max=plan.epochs, eta_min=1e-5)


def feed(plan: Plan):
    for _ in range(plan.batches):
        x = torch.randn(4, plan.sizes[0])
        yield x, x.sum(1, keepdim=True)


def run(plan: Plan) -> list[float]:
    a, b, c = plan.sizes
    net = nn.Sequential(nn.Linear(a, b), nn.GELU(), nn.Linear(b, c))
    optimizer = torch.optim.AdamW(net.parameters(), lr=1e-2)
    schedule = schedule_for(optimizer, plan)
    rates = []
    for _ in range(plan.epochs):
        for x, y in feed(plan):
            loss: Tensor = nn.functional.mse_loss(net(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        schedule.step()
        rates.append(optimizer.param_groups[0]["lr"])
    return rates


torch.manual_seed(0)
print(run(Plan()))
