"""One test after all of the training."""
import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
train = DataLoader(TensorDataset(torch.randn(8, 4), torch.randn(8)), batch_size=4, shuffle=True)
test = DataLoader(TensorDataset(torch.randn(4, 4), torch.randn(4)), batch_size=2)
net = nn.Sequential(nn.Linear(4, 8), nn.Dropout(0.2), nn.Linear(8, 1), nn.Flatten(0))
opt = torch.optim.SGD(net.parameters(), lr=0.01)
net.train()
for epoch in range(2):
    for x, y in train:
        loss = F.mse_loss(net(x), y)
        opt.zero_grad()
        loss.backward()
        opt.step()
error = 0.0
with torch.no_grad():
    for x, y in test:
        error += F.l1_loss(net(x), y, reduction="sum").item()  # expect: eval-mode-missing
print(error / len(test.dataset))
