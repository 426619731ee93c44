"""GAN with several discriminator turns for one of the generator, requires_grad switched in between."""
import torch
from torch import nn


def toggle(net, on):
    for p in net.parameters():
        p.requires_grad_(on)


torch.manual_seed(0)
gen, dis = nn.Linear(2, 2), nn.Sequential(nn.Linear(2, 4), nn.ReLU(), nn.Linear(4, 1))
g_opt = torch.optim.RMSprop(gen.parameters(), lr=1e-3)
d_opt = torch.optim.RMSprop(dis.parameters(), lr=1e-3)
for it in range(2):
    toggle(dis, True)
    for _ in range(2):
        d_opt.zero_grad()
        with torch.no_grad():
            fake = gen(torch.randn(4, 2))
        real = torch.randn(4, 2) + 1
        (dis(fake).mean() - dis(real).mean()).backward()
        d_opt.step()
        with torch.no_grad():
            for p in dis.parameters():
                p.clamp_(-0.05, 0.05)
    toggle(dis, False)
    g_opt.zero_grad()
    g_loss = -dis(gen(torch.randn(4, 2))).mean()
    g_loss.backward()
    g_opt.step()
    print(it, g_loss.item())
