"""The same with the names of torch.amp; the rate that was used, all states, whole files each epoch, and a way to go on."""

import json
import os
from pathlib import Path

import torch
from torch import nn
from torch.amp import GradScaler, autocast


def save(states, path):
    torch.save(states, f"{path}.part")
    os.replace(f"{path}.part", path)


def train(model, train_loader, val_loader, optimizer, scheduler, device, epochs, folder, use_amp=True, max_norm=1.0):
    folder, device = Path(folder), torch.device(device)
    folder.mkdir(parents=True, exist_ok=True)
    criterion = nn.CrossEntropyLoss()
    use_amp = use_amp and device.type == "cuda"  # on a CPU autocast would silently mean bfloat16
    scaler = GradScaler(device.type, enabled=use_amp)
    parts = {"model": model, "optimizer": optimizer, "scheduler": scheduler, "scaler": scaler}
    best, history, start = float("inf"), [], 0
    if (folder / "latest.pt").exists():
        states = torch.load(folder / "latest.pt", weights_only=True, map_location="cpu")
        for name, part in parts.items():
            part.load_state_dict(states[name])
        torch.set_rng_state(states["rng"])
        best, history, start = states["best"], states["history"], states["epoch"] + 1
    for epoch in range(start, epochs):
        model.train()
        lr, total, count = optimizer.param_groups[0]["lr"], 0.0, 0
        for inputs, targets in train_loader:
            inputs, targets = inputs.to(device), targets.to(device)
            optimizer.zero_grad()
            with autocast(device.type, enabled=use_amp):
                loss = criterion(model(inputs), targets)
            scaler.scale(loss).backward()
            scaler.unscale_(optimizer)
            nn.utils.clip_grad_norm_(model.parameters(), max_norm)
            scaler.step(optimizer)
            scaler.update()
            total += loss.item() * len(inputs)
            count += len(inputs)
        scheduler.step()
        val_loss, val_accuracy = evaluate(model, val_loader, criterion, device)
        history.append({"epoch": epoch, "train": total / count, "val": val_loss, "accuracy": val_accuracy, "lr": lr})
        better, best = val_loss < best, min(val_loss, best)
        states = {name: part.state_dict() for name, part in parts.items()}
        states |= {"rng": torch.get_rng_state(), "best": best, "history": history, "epoch": epoch}
        save(states, folder / "latest.pt")
        if better:
            save(states, folder / "best.pt")
        (folder / "history.part").write_text(json.dumps(history))
        os.replace(folder / "history.part", folder / "history.json")
    return history
