"""Fabric: bf16, accumulation, clipping, schedule, validation, checkpoint, workers."""
import tempfile, os
import lightning as L
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


def main():
    fabric = L.Fabric(accelerator="cpu", devices=1, precision="bf16-mixed")
    fabric.launch()
    L.seed_everything(0)
    with fabric.init_module():
        model = nn.Sequential(nn.Linear(8, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Dropout(0.1), nn.Linear(16, 3))
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
    model, optimizer = fabric.setup(model, optimizer)
    x = torch.randn(256, 8)
    y = x[:, :3].argmax(1)
    train = DataLoader(TensorDataset(x[:192], y[:192]), batch_size=16, shuffle=True, drop_last=True)
    val = DataLoader(TensorDataset(x[192:], y[192:]), batch_size=16)
    train, val = fabric.setup_dataloaders(train, val)
    sched = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=4)
    loss_fn = nn.CrossEntropyLoss()
    for epoch in range(4):
        model.train()
        for i, (xb, yb) in enumerate(train):
            busy = (i + 1) % 2 != 0
            with fabric.no_backward_sync(model, enabled=busy):
                fabric.backward(loss_fn(model(xb), yb) / 2)
            if not busy:
                fabric.clip_gradients(model, optimizer, max_norm=1.0)
                optimizer.step()
                optimizer.zero_grad()
        sched.step()
        model.eval()
        hits = 0
        with torch.no_grad():
            for xb, yb in val:
                hits += (model(xb).argmax(1) == yb).sum().item()
        fabric.print(epoch, hits / 64)
        with tempfile.TemporaryDirectory() as f:
            fabric.save(os.path.join(f, "c.ckpt"), {"model": model, "optimizer": optimizer, "epoch": epoch})


if __name__ == "__main__":
    main()
