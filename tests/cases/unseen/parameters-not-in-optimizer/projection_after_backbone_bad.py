"""Self-supervised learning; two views, a projection, half precision."""
import argparse

import torch
from torch import nn

parser = argparse.ArgumentParser()
parser.add_argument("--steps", type=int, default=5)
parser.add_argument("--lr", type=float, default=0.03)
args = parser.parse_args()


class Learner(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 8))
        self.projector = nn.Sequential(nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 4))

    def forward(self, x):
        return nn.functional.normalize(self.projector(self.encoder(x)), dim=1)


torch.manual_seed(0)
learner = Learner()
optimizer = torch.optim.SGD(learner.encoder.parameters(), lr=args.lr, momentum=0.9)  # expect: parameters-not-in-optimizer
for _ in range(args.steps):
    x = torch.randn(8, 8)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        one, two = learner(x + 0.1 * torch.randn_like(x)), learner(x + 0.1 * torch.randn_like(x))
        similarity = one @ two.T / 0.5
    loss = nn.functional.cross_entropy(similarity.float(), torch.arange(8))
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
