"""A script with phases: trained, gone on with, or tested from the latest checkpoint."""
import argparse
import os
import shutil
import tempfile

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


class Folder:
    def __init__(self, root):
        self.root, self.epoch = root, 0

    def path(self, name=None):
        if name is None:
            name = self.epoch
        return os.path.join(self.root, str(name) + ".pt")


def validate(loader, model):
    model.eval()
    with torch.no_grad():
        return sum((model(x).argmax(1) == y).sum().item() for x, y in loader) / len(loader.dataset)


def train(loader, model, optimizer):
    model.train()
    for x, y in loader:
        loss = nn.functional.cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


def main(args):
    torch.manual_seed(0)
    data = TensorDataset(torch.randn(8, 4), torch.randint(0, 2, (8,)))
    loader, held_out = DataLoader(data, batch_size=4, shuffle=True), DataLoader(data, batch_size=4)
    model = nn.Sequential(nn.Linear(4, 8), nn.Dropout(0.1), nn.Linear(8, 2))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    folder = Folder(args.folder)

    if args.phase != "train":
        model.load_state_dict(torch.load(folder.path("latest"), map_location="cpu"))
    if args.phase == "analysis":
        print(sum(p.norm().item() for p in model.parameters()))
        return
    if args.phase == "test":
        print(validate(held_out, model))
        return

    highest = -1.0
    for epoch in range(args.epochs):
        train(loader, model, optimizer)
        accuracy = validate(held_out, model)
        torch.save(model.state_dict(), folder.path("latest"))  # expect: checkpoint-incomplete
        if accuracy > highest:
            shutil.copy(folder.path("latest"), folder.path("best"))
        highest = max(accuracy, highest)
    model.load_state_dict(torch.load(folder.path("best")))
    print(validate(held_out, model))


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--folder", default=None)
    parser.add_argument("--phase", default="train", choices=["train", "resume", "test", "analysis"])
    args = parser.parse_args([])
    with tempfile.TemporaryDirectory() as folder:
        args.folder = folder
        main(args)
