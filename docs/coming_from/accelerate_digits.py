"""The production loop on digits with Accelerate around it: the loop stays, four calls change.

Runs beside the task.py of `glassloop new digits DIR`; its losses are those of `python train.py --epochs 2`, step by step.
"""

import json

import task
import torch
from accelerate import Accelerator
from glassloop.kit import data, seeding
from glassloop.kit.schedule import make_schedule

EPOCHS, BATCH, LR, SEED = 2, task.DEFAULTS["batch_size"], task.DEFAULTS["lr"], 0


@torch.inference_mode()
def evaluate(model, loader):
    """Loss and metrics over the whole of `loader`, each sample counted once."""
    model.eval()
    metrics = task.make_metrics()
    total, count = 0.0, 0
    for batch in loader:
        loss, outputs = task.loss(model, batch)
        total, count = total + loss * task.count(batch), count + task.count(batch)
        task.measure(metrics, outputs, batch)
    scores = {f"val_{name}": float(value) for name, value in metrics.compute().items()}
    return {"val_loss": float(total / count)} | scores


def main():
    """Train for EPOCHS epochs, evaluating after each; prints the last scores."""
    accelerator = Accelerator(cpu=True)
    torch.set_num_threads(1)
    seeding.seed_everything(SEED)
    train_set, val_set = task.make_data()
    # These stay as they are: Accelerate would put a sampler of its own in the place of this order.
    train_loader = data.make_loader(train_set, BATCH, seed=SEED, shuffle=True)
    val_loader = data.make_loader(val_set, BATCH, seed=SEED, shuffle=False)
    model = task.make_model()
    optimizer = torch.optim.AdamW(model.parameters(), lr=LR, weight_decay=0.01, fused=True)
    total = EPOCHS * len(train_loader)
    scheduler = make_schedule(optimizer, "cosine", total_steps=total, warmup_steps=int(0.1 * total)).scheduler
    model, optimizer, scheduler = accelerator.prepare(model, optimizer, scheduler)
    scores = {}
    for epoch in range(EPOCHS):
        data.order_of(train_loader).set_position(epoch)
        model.train()
        for batch in train_loader:
            optimizer.zero_grad()
            with accelerator.autocast():
                loss, _ = task.loss(model, data.to_device(batch, accelerator.device))
            accelerator.backward(loss)
            accelerator.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            scheduler.step()
        scores = evaluate(model, val_loader)
    print("final", json.dumps(scores))


if __name__ == "__main__":
    main()
