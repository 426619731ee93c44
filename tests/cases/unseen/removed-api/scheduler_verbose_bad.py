"""A plateau schedule on request, a step schedule otherwise."""
import argparse

import torch
from torch import nn
from torch.optim import lr_scheduler


def make_schedule(name, optimizer):
    if name == "plateau":
        return lr_scheduler.ReduceLROnPlateau(optimizer, mode="min", factor=0.5, patience=1, verbose=True)  # expect: removed-api
    return lr_scheduler.StepLR(optimizer, step_size=1, gamma=0.9)


def run(args):
    torch.manual_seed(0)
    model = nn.Linear(3, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    schedule = make_schedule(args.schedule, optimizer)
    for epoch in range(args.epochs):
        total = 0.0
        for _ in range(2):
            x, y = torch.randn(4, 3), torch.randn(4, 1)
            optimizer.zero_grad()
            loss = nn.functional.mse_loss(model(x), y)
            loss.backward()
            optimizer.step()
            total += loss.item()
        if args.schedule == "plateau":
            schedule.step(total / 2)
        else:
            schedule.step()


parser = argparse.ArgumentParser()
parser.add_argument("--schedule", default="step")
parser.add_argument("--epochs", type=int, default=2)
run(parser.parse_args())
