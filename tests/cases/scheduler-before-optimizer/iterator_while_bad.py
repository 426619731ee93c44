"""while loop over next(iterator) with an inverse-square-root schedule."""
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
loader = DataLoader(TensorDataset(torch.randn(16, 3), torch.randn(16, 1)), batch_size=4, shuffle=True)
net = nn.Linear(3, 1)
optim = torch.optim.Adam(net.parameters(), lr=1e-2)
noam = torch.optim.lr_scheduler.LambdaLR(optim, lambda s: (s + 1) ** -0.5)
feed = iter(loader)
step = 0
while step < 2:
    noam.step()  # expect: scheduler-before-optimizer
    inputs, target = next(feed)
    optim.zero_grad()
    nn.functional.mse_loss(net(inputs), target).backward()
    optim.step()
    step += 1
    print(step, noam.get_last_lr())
