"""A loss module of the script's own, of two terms; the model in a class."""
import torch
from torch import nn


class TinyUNet(nn.Module):
    def __init__(self, ch=4):
        super().__init__()
        self.down = nn.Conv2d(1, ch, 3, padding=1)
        self.mid = nn.Conv2d(ch, ch, 3, padding=1)
        self.up = nn.Conv2d(ch * 2, 1, 3, padding=1)

    def forward(self, x):
        d = self.down(x).relu()
        m = self.mid(d).relu()
        y = self.up(torch.cat([d, m], dim=1))
        return y


def dice(prob, mask, eps=1.0):
    inter = (prob * mask).sum()
    return 1 - (2 * inter + eps) / (prob.sum() + mask.sum() + eps)


class BCEDice(nn.Module):
    def __init__(self):
        super().__init__()
        self.bce = nn.BCEWithLogitsLoss()

    def forward(self, pred, mask):
        return self.bce(pred, mask) + dice(pred.sigmoid(), mask)


torch.manual_seed(0)
net, lossf = TinyUNet(), BCEDice()
opt = torch.optim.Adam(net.parameters(), lr=1e-2)
for step in range(2):
    img = torch.rand(4, 1, 8, 8)
    mask = (img > 0.5).float()
    loss = lossf(net(img), mask)
    opt.zero_grad()
    loss.backward()
    opt.step()
print(loss.item())
