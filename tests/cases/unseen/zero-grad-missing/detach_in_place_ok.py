"""A variational autoencoder; gradients are visited by hand at the end of each update."""
import torch
import torch.nn.functional as F
from torch import nn


class VAE(nn.Module):
    def __init__(self, d=6, z=2):
        super().__init__()
        self.enc, self.dec = nn.Linear(d, 2 * z), nn.Linear(z, d)

    def forward(self, x):
        mu, logvar = self.enc(x).chunk(2, -1)
        z = mu + torch.exp(0.5 * logvar) * torch.randn_like(mu)
        return self.dec(z), mu, logvar


def elbo(out, x):
    recon, mu, logvar = out
    kld = -0.5 * torch.mean(1 + logvar - mu.pow(2) - logvar.exp())
    return F.binary_cross_entropy_with_logits(recon, x) + kld


torch.manual_seed(1)
vae = VAE()
optimizer = torch.optim.Adam(vae.parameters(), lr=1e-3)
pixels = torch.rand(2, 4, 6)
for epoch in range(2):
    for x in pixels:
        loss = elbo(vae(x), x)
        loss.backward()
        optimizer.step()
        for p in vae.parameters():
            p.grad.detach_()
            p.grad.zero_()
    print(epoch, loss.item())
