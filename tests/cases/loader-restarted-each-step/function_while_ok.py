"""A function with a while loop over steps."""
import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


def train(net, loader, steps):
    opt = torch.optim.SGD(net.parameters(), lr=0.1)
    source = iter(loader)
    done = 0
    while done < steps:
        batch = next(source)
        loss = F.mse_loss(net(batch[0]), batch[0].sum(1, keepdim=True))
        opt.zero_grad()
        loss.backward()
        opt.step()
        done += 1


torch.manual_seed(0)
train(nn.Linear(3, 1), DataLoader(TensorDataset(torch.randn(16, 3)), batch_size=4, shuffle=True), 4)
