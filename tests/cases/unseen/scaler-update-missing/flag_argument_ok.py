"""Functions and a mixed precision flag from a dataclass config."""
from dataclasses import dataclass

import torch
from torch import nn


@dataclass
class Config:
    amp: bool = True
    steps: int = 2
    lr: float = 1e-2


def train(cfg: Config) -> None:
    torch.manual_seed(0)
    model = nn.Linear(4, 2)
    opt = torch.optim.SGD(model.parameters(), lr=cfg.lr)
    scaler = torch.amp.GradScaler("cpu", enabled=cfg.amp)
    for step in range(cfg.steps):
        x, y = torch.randn(4, 4), torch.randint(2, (4,))
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=cfg.amp):
            loss = nn.functional.cross_entropy(model(x), y)
        opt.zero_grad()
        scaler.scale(loss).backward()
        try:
            scaler.step(opt)
        except RuntimeError as error:
            print("step", step, "skipped:", error)
        scaler.update()


train(Config())
