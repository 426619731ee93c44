"""Accelerate: accumulate, clip, scheduler, bf16, checkpoints, evaluation with gather_for_metrics, skip_first_batches."""
import tempfile
import torch
from accelerate import Accelerator
from accelerate.utils import set_seed
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


def main():
    accelerator = Accelerator(cpu=True, gradient_accumulation_steps=4, mixed_precision="bf16")
    set_seed(0)
    model = nn.Sequential(nn.Linear(8, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Dropout(0.1), nn.Linear(16, 3))
    opt = torch.optim.AdamW(model.parameters(), lr=1e-2)
    x = torch.randn(256, 8)
    y = x[:, :3].argmax(1)
    train = DataLoader(TensorDataset(x[:200], y[:200]), batch_size=8, shuffle=True)
    val = DataLoader(TensorDataset(x[200:], y[200:]), batch_size=8)
    sched = torch.optim.lr_scheduler.OneCycleLR(opt, 0.02, total_steps=(len(train) // 4 + 1) * 3)
    model, opt, train, val, sched = accelerator.prepare(model, opt, train, val, sched)
    loss_fn = nn.CrossEntropyLoss()
    for epoch in range(3):
        model.train()
        total = 0
        for step, (xb, yb) in enumerate(train):
            with accelerator.accumulate(model):
                loss = loss_fn(model(xb), yb)
                total += loss.detach().float()
                accelerator.backward(loss)
                if accelerator.sync_gradients:
                    accelerator.clip_grad_norm_(model.parameters(), 1.0)
                opt.step()
                sched.step()
                opt.zero_grad()
        model.eval()
        hits = 0
        for xb, yb in val:
            with torch.no_grad():
                out = model(xb)
            guess, truth = accelerator.gather_for_metrics((out.argmax(-1), yb))
            hits += (guess == truth).sum().item()
        accelerator.print(epoch, total.item() / len(train), hits)
        with tempfile.TemporaryDirectory() as folder:
            accelerator.save_state(folder)
            accelerator.load_state(folder)


if __name__ == "__main__":
    main()
