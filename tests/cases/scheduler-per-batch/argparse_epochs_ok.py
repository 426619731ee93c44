"""argparse defaults, the schedule's length taken from args.epochs, AMP-free."""
import argparse

import torch
import torch.nn as nn
import torch.optim as optim
from torch.utils.data import DataLoader, TensorDataset


def parse():
    parser = argparse.ArgumentParser()
    parser.add_argument("--epochs", default=2, type=int)
    parser.add_argument("--batch-size", default=4, type=int)
    parser.add_argument("--lr", default=0.1, type=float)
    return parser.parse_args([])


def train(net, trainloader, criterion, optimizer, scheduler):
    net.train()
    train_loss = 0.0
    for batch_idx, (inputs, targets) in enumerate(trainloader):
        optimizer.zero_grad()
        outputs = net(inputs)
        loss = criterion(outputs, targets)
        loss.backward()
        optimizer.step()
        train_loss += loss.item()
    return train_loss / (batch_idx + 1)


args = parse()
torch.manual_seed(0)
trainset = TensorDataset(torch.randn(8, 6), torch.randint(0, 4, (8,)))
trainloader = DataLoader(trainset, batch_size=args.batch_size, shuffle=True)
net = nn.Sequential(nn.Linear(6, 12), nn.ReLU(), nn.Linear(12, 4))
criterion = nn.CrossEntropyLoss()
optimizer = optim.SGD(net.parameters(), lr=args.lr, momentum=0.9, weight_decay=5e-4)
scheduler = optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=args.epochs)
for epoch in range(args.epochs):
    mean = train(net, trainloader, criterion, optimizer, scheduler)
    scheduler.step()
    print(epoch, mean, scheduler.get_last_lr())
