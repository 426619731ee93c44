"""Monte-Carlo dropout: the network predicts with its dropout on, on purpose."""
import torch
from torch import nn

torch.manual_seed(0)
model = nn.Sequential(nn.Linear(2, 16), nn.ReLU(), nn.Dropout(0.2), nn.Linear(16, 1))
opt = torch.optim.Adam(model.parameters())
for _ in range(2):
    x, y = torch.randn(8, 2), torch.randn(8, 1)
    opt.zero_grad()
    nn.functional.mse_loss(model(x), y).backward()
    opt.step()


def enable_dropout(net):
    for module in net.modules():
        if isinstance(module, nn.Dropout):
            module.train()


@torch.no_grad()
def mc_predict(net, x, samples=5):
    net.eval()
    enable_dropout(net)
    draws = torch.stack([net(x) for _ in range(samples)])
    return draws.mean(0), draws.std(0)


mean, spread = mc_predict(model, torch.randn(4, 2))
print(mean.shape, spread.shape)
