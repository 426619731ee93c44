"""Graphs walked again: two losses over one body, rows of a Jacobian, a state that is carried over, a GAN's sample."""
import torch
from torch import nn

torch.manual_seed(0)
body, one, two = nn.Linear(4, 6), nn.Linear(6, 1), nn.Linear(6, 1)
optimizer = torch.optim.SGD([p for m in (body, one, two) for p in m.parameters()], lr=0.05)
for x in torch.randn(2, 5, 4):
    shared = body(x).tanh()
    optimizer.zero_grad()
    one(shared).pow(2).mean().backward(retain_graph=True)
    two(shared).pow(2).mean().backward()
    optimizer.step()

for x in torch.randn(2, 3, 4):
    out = one(body(x))
    optimizer.zero_grad()
    for i in range(3):
        out[i].sum().backward(retain_graph=i < 2)
    optimizer.step()

cell = nn.GRUCell(2, 2)
opt_cell = torch.optim.SGD(cell.parameters(), lr=0.1)
for epoch in range(2):
    state = torch.zeros(3, 2)
    opt_cell.zero_grad()
    for t in range(3):
        state = cell(torch.randn(3, 2), state)
        (state.pow(2).mean() / 3).backward(retain_graph=True)
    opt_cell.step()

g, d = nn.Linear(2, 3), nn.Linear(3, 1)
opt_g, opt_d = torch.optim.SGD(g.parameters(), lr=0.1), torch.optim.SGD(d.parameters(), lr=0.1)
for real in torch.randn(2, 4, 3):
    fake = g(torch.randn(4, 2))
    opt_d.zero_grad()
    (d(fake).mean() - d(real).mean()).backward(retain_graph=True)
    opt_d.step()
    opt_g.zero_grad()
    (fake - real).abs().mean().backward()
    opt_g.step()
