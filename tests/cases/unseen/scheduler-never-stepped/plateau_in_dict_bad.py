"""What belongs to a model is kept in a dict."""
import torch
from torch import nn

torch.manual_seed(0)
kit = {"net": nn.Linear(3, 1)}
kit["opt"] = torch.optim.SGD(kit["net"].parameters(), lr=0.1)
kit["plateau"] = torch.optim.lr_scheduler.ReduceLROnPlateau(kit["opt"], patience=1)  # expect: scheduler-never-stepped
for epoch in range(2):
    total = 0.0
    for _ in range(2):
        loss = kit["net"](torch.randn(4, 3)).pow(2).mean()
        kit["opt"].zero_grad()
        loss.backward()
        kit["opt"].step()
        total += loss.item()
    print(epoch, total)
