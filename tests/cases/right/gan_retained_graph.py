"""GAN whose two losses are taken from one shared graph, each read by its own optimizer."""
import torch
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits as bce

torch.manual_seed(0)
gen, disc = nn.Linear(3, 2), nn.Linear(2, 1)
opt_g = torch.optim.SGD(gen.parameters(), lr=0.05)
opt_d = torch.optim.SGD(disc.parameters(), lr=0.05)

for epoch in range(2):
    for _ in range(2):
        fake = gen(torch.randn(4, 3))
        on_fake = disc(fake)
        on_real = disc(torch.randn(4, 2))
        loss_g = bce(on_fake, torch.ones_like(on_fake))
        loss_d = bce(on_real, torch.ones_like(on_real)) + bce(on_fake, torch.zeros_like(on_fake))

        opt_g.zero_grad()
        loss_g.backward(retain_graph=True)
        opt_d.zero_grad()
        loss_d.backward(inputs=list(disc.parameters()))
        opt_g.step()
        opt_d.step()
    print(epoch, loss_g.item(), loss_d.item())
