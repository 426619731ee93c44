"""Accelerate: loss logged, gradients measured, batch after batch."""
import torch
from accelerate import Accelerator
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
accelerator = Accelerator(cpu=True)
net = nn.Linear(4, 2)
loader = DataLoader(TensorDataset(torch.randn(8, 4), torch.randint(0, 2, (8,))), batch_size=4, shuffle=True)
model, optimizer, loader = accelerator.prepare(net, torch.optim.Adam(net.parameters()), loader)
for epoch in range(2):
    for x, y in loader:
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(x), y)
        accelerator.backward(loss)  # expect: step-missing
    accelerator.print(epoch, loss.item())
