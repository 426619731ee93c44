"""One epoch in a function; the model and its loss come as arguments."""
import torch
from torch import nn


def train_one_epoch(net, batches, criterion, opt):
    net.train()
    total = 0.0
    for features, labels in batches:
        opt.zero_grad()
        loss = criterion(net(features), labels)
        total += loss.item()
        loss = loss.detach().requires_grad_()
        loss.backward()  # expect: detached-loss
        opt.step()
    return total / len(batches)


torch.manual_seed(0)
net = nn.Linear(5, 3)
opt = torch.optim.Adam(net.parameters(), lr=1e-2)
batches = [(torch.randn(4, 5), torch.randint(0, 3, (4,))) for _ in range(2)]
for epoch in range(2):
    print(epoch, train_one_epoch(net, batches, nn.CrossEntropyLoss(), opt))
