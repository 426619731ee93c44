"""A run that is stopped half-way and resumed, right: digits (1,797 scans of 8x8), beside the same run in one go."""

import json
import os

import torch
from sklearn.datasets import load_digits
from torch import nn

SEED = 0
OPTIMIZER = torch.optim.AdamW
LR = 1e-2
EPOCHS = 8

data = load_digits()
images = torch.tensor(data.data, dtype=torch.float32) / 16
labels = torch.tensor(data.target)


def train(until, path):
    torch.manual_seed(SEED)
    model = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10))
    optimizer = OPTIMIZER(model.parameters(), lr=LR)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=EPOCHS)
    first = 0
    if os.path.exists(path):
        checkpoint = torch.load(path)
        model.load_state_dict(checkpoint["model"])
        optimizer.load_state_dict(checkpoint["optimizer"])
        scheduler.load_state_dict(checkpoint["scheduler"])
        first = checkpoint["epoch"]
    for epoch in range(first, until):
        order = torch.randperm(600, generator=torch.Generator().manual_seed(1000 * SEED + epoch))
        for batch in order.split(50):
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(model(images[batch]), labels[batch])
            loss.backward()
            optimizer.step()
        scheduler.step()
        state = {"model": model.state_dict(), "epoch": epoch + 1}
        state.update(optimizer=optimizer.state_dict(), scheduler=scheduler.state_dict())
        torch.save(state, path)
    return model, loss.item()


whole, whole_loss = train(EPOCHS, "whole.pt")
train(EPOCHS // 2, "halves.pt")
halves, halves_loss = train(EPOCHS, "halves.pt")
apart = max((a - b).abs().max().item() for a, b in zip(whole.parameters(), halves.parameters(), strict=True))
print("final", json.dumps({"apart": apart, "loss_in_one_go": whole_loss, "loss_resumed": halves_loss}))
