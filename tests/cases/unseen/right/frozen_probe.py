"""Linear probe: features come from an encoder in evaluation mode, only the probe learns."""
import torch
from torch import nn

torch.manual_seed(0)
encoder = nn.Sequential(nn.Linear(5, 7), nn.BatchNorm1d(7), nn.ReLU())
probe = nn.Linear(7, 2)
encoder.eval()
opt = torch.optim.LBFGS(probe.parameters(), max_iter=2)
x, y = torch.randn(12, 5), torch.randint(0, 2, (12,))
with torch.no_grad():
    features = encoder(x)
for epoch in range(2):
    def closure():
        opt.zero_grad()
        loss = nn.functional.cross_entropy(probe(features), y)
        loss.backward()
        return loss

    print(epoch, opt.step(closure).item())
