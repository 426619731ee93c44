"""Fine-tuning with the statistics of all batch-norms frozen: evaluation mode from the first line on, no validation."""
import torch
from torch import nn

torch.manual_seed(0)
pretrained = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 2))
pretrained.eval()
opt = torch.optim.SGD(pretrained.parameters(), lr=1e-3)
for epoch in range(2):
    for x in torch.randn(2, 4, 4):
        opt.zero_grad()
        loss = nn.functional.cross_entropy(pretrained(x), (x.sum(1) > 0).long())
        loss.backward()
        opt.step()
    print(epoch, loss.item())
