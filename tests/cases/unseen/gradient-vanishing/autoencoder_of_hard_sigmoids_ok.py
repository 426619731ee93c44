"""An autoencoder, encoder and decoder in one optimizer by way of itertools."""

import itertools

import torch
from torch import nn


def stack(sizes):
    parts = []
    for a, b in itertools.pairwise(sizes):
        parts += [nn.Linear(a, b), nn.SiLU()]
    return nn.Sequential(*parts[:-1])


def fit(steps):
    torch.manual_seed(0)
    encoder, decoder = stack([12, 20, 20, 20, 20, 4]), stack([4, 20, 20, 20, 20, 12])
    optimizer = torch.optim.Adam(itertools.chain(encoder.parameters(), decoder.parameters()), lr=3e-4)
    for _ in range(steps):
        batch = torch.rand(16, 12)
        optimizer.zero_grad()
        nn.functional.mse_loss(decoder(encoder(batch)), batch).backward()
        optimizer.step()


fit(20)
