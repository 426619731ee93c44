"""A linear probe over a network that is called without a graph."""
import torch
from torch import nn

torch.manual_seed(0)
network, probe = nn.Sequential(nn.Linear(4, 8), nn.ReLU()), nn.Linear(8, 3)
network.eval()
optimizer = torch.optim.SGD(probe.parameters(), lr=0.1)
for step in range(5):
    x, y = torch.randn(8, 4), torch.randint(3, (8,))
    with torch.no_grad():
        features = network(x)
    optimizer.zero_grad()
    nn.functional.cross_entropy(probe(features), y).backward()
    optimizer.step()
