"""Optimizing a picture: the network is frozen in evaluation mode, the optimizer holds the pixels."""
import torch
from torch import nn

torch.manual_seed(0)
vision = nn.Sequential(nn.Conv2d(1, 3, 3, padding=1), nn.BatchNorm2d(3), nn.ReLU()).eval()
vision.requires_grad_(False)
content = torch.rand(1, 1, 6, 6)
picture = torch.rand(1, 1, 6, 6, requires_grad=True)
optimizer = torch.optim.Adam([picture], lr=0.05)
wanted = vision(content)


def gram(maps):
    flat = maps.flatten(2)
    return flat @ flat.transpose(1, 2)


for it in range(2):
    optimizer.zero_grad()
    seen = vision(picture)
    loss = nn.functional.mse_loss(seen, wanted) + 0.1 * nn.functional.mse_loss(gram(seen), gram(wanted))
    loss.backward()
    optimizer.step()
    with torch.no_grad():
        picture.clamp_(0, 1)
    print(it, loss.item())
