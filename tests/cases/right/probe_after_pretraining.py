"""A model is trained, then its features are used by a new head; two optimizers, one after the other."""
import torch
from torch import nn


def pretrain(encoder):
    decoder = nn.Linear(3, 6)
    optimizer = torch.optim.Adam([*encoder.parameters(), *decoder.parameters()], lr=1e-2)
    for _ in range(4):
        x = torch.randn(8, 6)
        optimizer.zero_grad()
        nn.functional.mse_loss(decoder(encoder(x)), x).backward()
        optimizer.step()


def probe(encoder):
    head = nn.Linear(3, 2)
    optimizer = torch.optim.Adam(head.parameters(), lr=1e-2)
    for _ in range(4):
        x, y = torch.randn(8, 6), torch.randint(2, (8,))
        optimizer.zero_grad()
        nn.functional.cross_entropy(head(encoder(x)), y).backward()
        optimizer.step()


torch.manual_seed(0)
encoder = nn.Sequential(nn.Linear(6, 3), nn.Tanh())
pretrain(encoder)
probe(encoder)
