"""Two loaders: a pass over one, a batch of the other beside each of its batches."""
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
labelled = DataLoader(TensorDataset(torch.randn(8, 3)), batch_size=4, shuffle=True)
unlabelled = DataLoader(TensorDataset(torch.randn(16, 3)), batch_size=4, shuffle=True)
net = nn.Linear(3, 2)
opt = torch.optim.Adam(net.parameters())
more = iter(unlabelled)
for epoch in range(2):
    for (x,) in labelled:
        (u,) = next(more)
        loss = nn.functional.mse_loss(net(x), x[:, :2]) + 0.1 * net(u).pow(2).mean()
        opt.zero_grad()
        loss.backward()
        opt.step()
