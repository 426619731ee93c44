"""An encoder and a decoder of several stages, with a scaler and argparse."""
import argparse

import torch
from torch import nn

parser = argparse.ArgumentParser()
parser.add_argument("--stages", type=int, default=2)
args = parser.parse_args()


class AutoEncoder(nn.Module):
    def __init__(self, stages):
        super().__init__()
        self.encoder = nn.Sequential(*[nn.Linear(8, 8) for _ in range(stages)])
        self.decoder = [nn.Linear(8, 8) for _ in range(stages)]  # expect: modules-in-plain-list

    def forward(self, x):
        h = self.encoder(x)
        for stage in reversed(self.decoder):
            h = torch.tanh(stage(h))
        return h


torch.manual_seed(0)
model = AutoEncoder(args.stages)
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
scaler = torch.amp.GradScaler("cpu")
for step in range(4):
    x = torch.randn(4, 8)
    optimizer.zero_grad()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        loss = nn.functional.mse_loss(model(x), x)
    scaler.scale(loss).backward()
    scaler.step(optimizer)
    scaler.update()
