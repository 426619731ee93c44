"""Entropy minimization on test batches: the optimizer steps while predictions are being made."""
import torch
from torch import nn

torch.manual_seed(0)
net = nn.Sequential(nn.Linear(3, 6), nn.BatchNorm1d(6), nn.Linear(6, 2))
affine = [p for m in net.modules() if isinstance(m, nn.BatchNorm1d) for p in m.parameters()]
net.train()
net.requires_grad_(False)
for p in affine:
    p.requires_grad_(True)
opt = torch.optim.SGD(affine, lr=0.01)


@torch.enable_grad()
def adapt_and_predict(x):
    logits = net(x)
    entropy = -(logits.softmax(1) * logits.log_softmax(1)).sum(1).mean()
    entropy.backward()
    opt.step()
    opt.zero_grad()
    return logits.argmax(1)


for x in torch.randn(2, 5, 3):
    print(adapt_and_predict(x).tolist())
