"""Monte-Carlo dropout: predictions are drawn on purpose with dropout switched on."""
import torch
from torch import nn

torch.manual_seed(0)
model = nn.Sequential(nn.Linear(3, 16), nn.ReLU(), nn.Dropout(0.5), nn.Linear(16, 1))
optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
batches = [(torch.randn(4, 3), torch.randn(4, 1)) for _ in range(2)]


def predict_with_uncertainty(net, x, samples=2):
    net.eval()
    for module in net.modules():
        if isinstance(module, nn.Dropout):
            module.train()
    with torch.no_grad():
        draws = torch.stack([net(x) for _ in range(samples)])
    return draws.mean(0), draws.std(0)


for epoch in range(2):
    model.train()
    for x, y in batches:
        optimizer.zero_grad()
        nn.functional.mse_loss(model(x), y).backward()
        optimizer.step()
    mean, std = predict_with_uncertainty(model, torch.randn(4, 3))
    print(epoch, mean.mean().item(), std.mean().item())
