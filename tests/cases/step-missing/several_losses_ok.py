"""An encoder and decoder trained by one optimizer, two losses summed."""
import torch
from torch import nn

torch.manual_seed(0)
enc = nn.Linear(6, 4)
dec = nn.Linear(2, 6)
optimizer = torch.optim.AdamW([*enc.parameters(), *dec.parameters()], lr=1e-3)
for epoch in range(2):
    for x in [torch.randn(4, 6), torch.randn(4, 6)]:
        mu, logvar = enc(x).chunk(2, dim=1)
        z = mu + torch.randn_like(mu) * (0.5 * logvar).exp()
        recon = nn.functional.mse_loss(dec(z), x, reduction="sum")
        kl = -0.5 * (1 + logvar - mu.square() - logvar.exp()).sum()
        elbo = recon + kl
        optimizer.zero_grad(set_to_none=True)
        elbo.backward()
        optimizer.step()
    print(epoch, recon.item(), kl.item())
