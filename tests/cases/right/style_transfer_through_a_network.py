"""A picture is optimised through a network whose weights nobody froze; the network is told eval()."""
import torch
from torch import nn

torch.manual_seed(0)
network = nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.ReLU(), nn.Conv2d(4, 4, 3, padding=1)).eval()
content, style = torch.rand(1, 3, 8, 8), torch.rand(1, 3, 8, 8)


def gram(features):
    flat = features.flatten(2)
    return flat @ flat.transpose(1, 2) / flat.shape[-1]


with torch.no_grad():
    want_content, want_style = network(content), gram(network(style))
picture = content.clone().requires_grad_(True)
optimizer = torch.optim.LBFGS([picture], max_iter=4)


def closure():
    optimizer.zero_grad()
    found = network(picture)
    loss = nn.functional.mse_loss(found, want_content) + nn.functional.mse_loss(gram(found), want_style)
    loss.backward()
    return loss


for _ in range(4):
    optimizer.step(closure)
