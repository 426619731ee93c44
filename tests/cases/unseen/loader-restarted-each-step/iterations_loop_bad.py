"""A fixed number of iterations, functions."""
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


def train(model, loader, optimizer, max_iters):
    model.train()
    for it in range(max_iters):
        inputs, targets = next(iter(loader))  # expect: loader-restarted-each-step
        loss = nn.functional.cross_entropy(model(inputs), targets)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()


torch.manual_seed(0)
loader = DataLoader(TensorDataset(torch.randn(16, 4), torch.randint(3, (16,))), batch_size=4, shuffle=True)
model = nn.Linear(4, 3)
train(model, loader, torch.optim.Adam(model.parameters()), 3)
