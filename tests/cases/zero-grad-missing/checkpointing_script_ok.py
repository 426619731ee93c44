"""A longer script: arguments, checkpoint in memory, validation, best score, one train function."""
import argparse
import io

import torch
import torch.nn as nn
from torch.utils.data import DataLoader, TensorDataset


class AverageMeter:
    def __init__(self):
        self.sum = self.count = 0

    def update(self, val, n=1):
        self.sum += val * n
        self.count += n

    @property
    def avg(self):
        return self.sum / max(1, self.count)


def train(train_loader, model, criterion, optimizer, epoch, device):
    losses = AverageMeter()
    model.train()
    for i, (images, target) in enumerate(train_loader):
        images, target = images.to(device), target.to(device)
        output = model(images)
        loss = criterion(output, target)
        losses.update(loss.item(), images.size(0))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return losses.avg


def validate(val_loader, model, device):
    top1 = AverageMeter()
    model.eval()
    with torch.no_grad():
        for images, target in val_loader:
            output = model(images.to(device))
            top1.update((output.argmax(1) == target.to(device)).float().mean().item(), images.size(0))
    return top1.avg


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--epochs", default=2, type=int)
    parser.add_argument("-b", "--batch-size", default=4, type=int)
    parser.add_argument("--lr", "--learning-rate", default=0.1, type=float)
    args = parser.parse_args([])
    torch.manual_seed(0)
    device = torch.device("cpu")
    model = nn.Sequential(nn.Flatten(), nn.Linear(9, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Linear(16, 2)).to(device)
    criterion = nn.CrossEntropyLoss().to(device)
    optimizer = torch.optim.SGD(model.parameters(), args.lr, momentum=0.9, weight_decay=1e-4)
    train_set = TensorDataset(torch.rand(8, 1, 3, 3), torch.randint(0, 2, (8,)))
    val_set = TensorDataset(torch.rand(8, 1, 3, 3), torch.randint(0, 2, (8,)))
    train_loader = DataLoader(train_set, batch_size=args.batch_size, shuffle=True)
    val_loader = DataLoader(val_set, batch_size=args.batch_size)
    best = 0.0
    for epoch in range(args.epochs):
        loss = train(train_loader, model, criterion, optimizer, epoch, device)
        acc = validate(val_loader, model, device)
        if acc >= best:
            best = acc
            state = {"epoch": epoch + 1, "model": model.state_dict(), "optimizer": optimizer.state_dict()}
            torch.save(state, io.BytesIO())
        print(f"epoch {epoch} loss {loss:.3f} acc {acc:.3f} best {best:.3f}")


if __name__ == "__main__":
    main()
