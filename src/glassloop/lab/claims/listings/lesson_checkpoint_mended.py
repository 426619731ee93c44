"""The same; the value is made a Python float, and the file is whole or absent. The loop saves with this function."""

import os

import torch


def save_checkpoint(model, optimizer, epoch, val_loss, path):
    states = {"model_state_dict": model.state_dict(), "optimizer_state_dict": optimizer.state_dict()}
    torch.save({**states, "epoch": epoch, "val_loss": float(val_loss)}, f"{path}.part")
    os.replace(f"{path}.part", path)


def load_checkpoint(model, optimizer, path):
    states = torch.load(path, weights_only=True)
    model.load_state_dict(states["model_state_dict"])
    optimizer.load_state_dict(states["optimizer_state_dict"])
    return states["epoch"], states["val_loss"]


model = MLP()
optimizer = torch.optim.AdamW(model.parameters())
for epoch, val_loss in enumerate((0.9, 0.7, 0.8)):
    save_checkpoint(model, optimizer, epoch, val_loss, "latest.pt")
    if val_loss == min((0.9, 0.7, 0.8)[: epoch + 1]):
        save_checkpoint(model, optimizer, epoch, val_loss, "best.pt")
loaded = load_checkpoint(model, optimizer, "latest.pt")
