"""A network with two answers, of which one is trained."""
import torch
from torch import nn


class Detector(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 2, 1)

    def forward(self, image):
        raw = self.conv(image)
        return raw, raw.sigmoid()


def criterion_of(name):
    return {"bce": nn.BCEWithLogitsLoss(), "mse": nn.MSELoss()}[name]


torch.manual_seed(0)
net = Detector()
opt = torch.optim.SGD(net.parameters(), lr=0.1)
criterion = criterion_of("bce")
for step in range(4):
    raw, heat = net(torch.randn(2, 3, 4, 4))
    opt.zero_grad()
    loss = criterion(heat, torch.zeros(2, 2, 4, 4))  # expect: sigmoid-before-bce-with-logits
    loss.backward()
    opt.step()
