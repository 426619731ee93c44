"""Accelerate: a loss of two parts."""
import torch
from accelerate import Accelerator
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
accelerator = Accelerator(cpu=True)
model = nn.Linear(3, 2)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
loader = DataLoader(TensorDataset(torch.randn(8, 3), torch.randint(0, 2, (8,))), batch_size=4, shuffle=True)
model, optimizer, loader = accelerator.prepare(model, optimizer, loader)
for epoch in range(2):
    for x, y in loader:
        optimizer.zero_grad()
        scores = model(x)
        parts = [nn.functional.cross_entropy(scores, y), 0.01 * scores.pow(2).mean()]
        loss = sum(parts)
        accelerator.backward(loss)
        optimizer.step()
    print(epoch, loss.item())
