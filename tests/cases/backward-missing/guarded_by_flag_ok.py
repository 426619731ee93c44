"""A debug flag prints the loss now and then; everything else is as usual."""
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

DEBUG = False
torch.manual_seed(0)
loader = DataLoader(TensorDataset(torch.randn(8, 4), torch.randn(8, 2)), batch_size=4, shuffle=True)
model = nn.Linear(4, 2)
optimizer = torch.optim.SGD(model.parameters(), lr=0.05)

for epoch in range(2):
    for x, y in loader:
        optimizer.zero_grad()
        loss = nn.functional.smooth_l1_loss(model(x), y)
        if DEBUG:
            print("loss", loss.item())
        loss.backward()
        optimizer.step()
    print("epoch", epoch, loss.item())
