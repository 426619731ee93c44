"""Aliases and one-liners: short names, positional arguments, two calls on a line."""
import torch
from torch import amp, nn
from torch.nn import utils as U

torch.manual_seed(0)
gs = amp.GradScaler("cpu", init_scale=2.0**10)
f = nn.Sequential(nn.Linear(2, 4), nn.ReLU(), nn.Linear(4, 1))
o = torch.optim.Adam(f.parameters(), 1e-3)
d = [(torch.rand(3, 2), torch.rand(3, 1)) for _ in range(2)]
for e in range(2):
    for a, b in d:
        o.zero_grad()
        with amp.autocast("cpu", torch.bfloat16): l = (f(a) - b).pow(2).mean()
        gs.scale(l).backward()
        U.clip_grad_norm_(f.parameters(), 1.); gs.unscale_(o)  # expect: clip-before-unscale
        gs.step(o); gs.update()
    print(e, l.item())
