"""A flat script, five batches and windows of two."""
import torch
from torch.utils.data import DataLoader, TensorDataset

ACCUM = 2
torch.manual_seed(0)
net = torch.nn.Linear(3, 1)
opt = torch.optim.Adam(net.parameters())
loader = DataLoader(TensorDataset(torch.randn(20, 3), torch.randn(20, 1)), batch_size=4, shuffle=True)
for epoch in range(2):
    opt.zero_grad()  # expect: zero-grad-breaks-accumulation
    for i, (x, y) in enumerate(loader, start=1):
        loss = torch.nn.functional.mse_loss(net(x), y) / ACCUM
        loss.backward()
        if i % ACCUM == 0:
            opt.step()  # expect: accumulation-tail-dropped
            opt.zero_grad()
