"""The production function: mixed precision, clipping, schedule, checkpoints, history. `evaluate` stands elsewhere."""

import json
from pathlib import Path

import torch
from torch import nn
from torch.cuda.amp import GradScaler, autocast


def train(model, train_loader, val_loader, optimizer, scheduler, device, epochs, folder, use_amp=True, max_norm=1.0):
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    criterion = nn.CrossEntropyLoss()
    scaler = GradScaler(enabled=use_amp and device.type == "cuda")
    best, history = float("inf"), []
    for epoch in range(epochs):
        model.train()
        total, count = 0.0, 0
        for inputs, targets in train_loader:
            inputs, targets = inputs.to(device), targets.to(device)
            optimizer.zero_grad()
            with autocast(device_type=device.type, enabled=use_amp):
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
        lr = optimizer.param_groups[0]["lr"]
        history.append({"epoch": epoch, "train": total / count, "val": val_loss, "accuracy": val_accuracy, "lr": lr})
        latest = {"epoch": epoch, "model_state_dict": model.state_dict(), "optimizer_state_dict": optimizer.state_dict()}
        torch.save(latest, folder / "latest.pt")
        if val_loss < best:
            best = val_loss
            torch.save(model.state_dict(), folder / "best.pt")
    (folder / "history.json").write_text(json.dumps(history))
    return history
