"""Saving and loading a checkpoint."""

import torch


def save_checkpoint(model, optimizer, epoch, val_loss, path):
    states = {"model_state_dict": model.state_dict(), "optimizer_state_dict": optimizer.state_dict()}
    torch.save({**states, "epoch": epoch, "val_loss": val_loss}, path)


def load_checkpoint(model, optimizer, path):
    states = torch.load(path, weights_only=True)
    model.load_state_dict(states["model_state_dict"])
    optimizer.load_state_dict(states["optimizer_state_dict"])
    return states["epoch"], states["val_loss"]


model = MLP()
optimizer = torch.optim.AdamW(model.parameters())
save_checkpoint(model, optimizer, 3, 0.5, "checkpoint.pt")
loaded = load_checkpoint(model, optimizer, "checkpoint.pt")
