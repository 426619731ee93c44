"""A polynomial decay by epochs, and a loop that is longer."""

import torch
from torch import nn
from torch.optim import lr_scheduler as schedulers
from torch.utils.data import DataLoader

EPOCHS, DECAY = 3, 2
torch.manual_seed(0)
data = [(torch.randn(3), torch.randn(1)) for _ in range(12)]
loader = DataLoader(data, batch_size=4, shuffle=True)
net = nn.Linear(3, 1)
sgd = torch.optim.SGD(net.parameters(), lr=0.2)
poly = schedulers.PolynomialLR(sgd, total_iters=DECAY, power=1.0)
for epoch in range(EPOCHS):
    net.train()
    for features, target in loader:
        sgd.zero_grad()
        error = nn.functional.mse_loss(net(features), target)
        error.backward()
        sgd.step()  # expect: learning-rate-zero
    poly.step()
