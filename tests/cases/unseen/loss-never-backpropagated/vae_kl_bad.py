"""A small VAE in a class with a dataclass config."""
from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional as F


@dataclass
class Settings:
    width: int = 6
    code: int = 2
    beta: float = 0.1
    lr: float = 1e-3


class Vae(nn.Module):
    def __init__(self, s):
        super().__init__()
        self.enc = nn.Linear(s.width, 2 * s.code)
        self.dec = nn.Linear(s.code, s.width)

    def forward(self, x):
        mu, logvar = self.enc(x).chunk(2, dim=1)
        z = mu + torch.randn_like(mu) * (0.5 * logvar).exp()
        return self.dec(z), mu, logvar


def run(s):
    torch.manual_seed(0)
    vae = Vae(s)
    opt = torch.optim.Adam(vae.parameters(), lr=s.lr)
    for step in range(2):
        x = torch.randn(8, s.width)
        recon, mu, logvar = vae(x)
        recon_loss = F.mse_loss(recon, x)
        kl_loss = -0.5 * torch.mean(1 + logvar - mu.pow(2) - logvar.exp())  # expect: loss-never-backpropagated
        loss = recon_loss
        opt.zero_grad()
        loss.backward()
        opt.step()
        print(f"{step}: reconstruction {recon_loss.item():.3f} kl {kl_loss.item():.3f}")


run(Settings())
