"""Probabilities for a calibration figure, logits for the loss."""
import torch
from torch import nn


def confidence(logits, labels):
    probs = logits.softmax(dim=-1)
    top, guess = probs.max(dim=-1)
    return (top.mean() - (guess == labels).float().mean()).abs().item()


torch.manual_seed(0)
net = nn.Linear(5, 3)
opt = torch.optim.SGD(net.parameters(), lr=0.1)
criterion = nn.CrossEntropyLoss(label_smoothing=0.1)
for _ in range(2):
    x, y = torch.randn(6, 5), torch.randint(3, (6,))
    logits = net(x)
    loss = criterion(logits, y)
    opt.zero_grad()
    loss.backward()
    opt.step()
    print(loss.item(), confidence(logits.detach(), y))
