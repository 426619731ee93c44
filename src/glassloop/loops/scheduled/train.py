"""A learning rate that rises, then falls, and gradients that cannot throw the weights far off.

Adds to `validated`: clipping, and a schedule that moves at the moment it was made for: a step, or an evaluation.

    python train.py --epochs 20 --schedule onecycle
    python train.py --epochs 20 --schedule plateau

`task.py` says what is trained, `config.py` what can be set. This file is yours: read it from top to bottom, change it.
"""

import json
import time
from pathlib import Path

import task
import torch
from config import Config
from glassloop.kit import data, seeding
from glassloop.kit.device import choose_device, refuse_many_processes
from glassloop.kit.preflight import check_task
from glassloop.kit.run import clear_errors, open_run
from glassloop.kit.settings import as_json, parse
from torch import nn
from torch.optim import lr_scheduler


@torch.inference_mode()  # no graph: a validation batch costs its forward alone, in time and in memory
def evaluate(model, loader, device) -> dict[str, float]:
    """Loss and metrics over the whole of `loader`, each sample counted once; the model is left in the mode it had."""
    was_training = model.training
    model.eval()  # dropout off, batch-norm by its running statistics: a sample is judged apart from its batch
    metrics = task.make_metrics().to(device)
    losses, counts = [], []
    data.order_of(loader).set_position(0)  # from its first batch
    for batch in loader:
        counts.append(task.count(batch))
        batch = data.to_device(batch, device)
        loss, outputs = task.loss(model, batch)
        losses.append(loss * counts[-1])  # by its size: a mean of batch means would weigh a short last batch too high
        task.measure(metrics, outputs, batch)
    model.train(was_training)
    total = sum(torch.stack(losses).tolist())  # the only sync of an evaluation, besides the metrics'
    scores = {f"val_{name}": float(value) for name, value in metrics.compute().items()}
    return {"val_loss": total / sum(counts)} | scores


def make_schedule(optimizer, config: Config, total_steps: int):
    """The learning rate's schedule, and whether it moves after each step; if not, then after each evaluation."""
    if config.schedule == "plateau":  # a tenth of the rate after four evaluations without a lower loss
        return lr_scheduler.ReduceLROnPlateau(optimizer, factor=0.1, patience=3), False
    warmup = int(config.warmup * total_steps)
    if config.schedule == "onecycle":  # up, then down to nearly 0; AdamW's momentum goes the other way
        # At least two steps: torch divides by the rise's length less one.
        rising = max(warmup, 2) / total_steps if warmup and total_steps > 2 else 0.3
        return lr_scheduler.OneCycleLR(optimizer, max_lr=config.lr, total_steps=total_steps, pct_start=rising), True
    if config.schedule == "constant":
        main = lr_scheduler.ConstantLR(optimizer, factor=1.0)
    else:  # T_max in calls of step(): given in epochs and stepped at each batch, the rate would swing up and down
        main = lr_scheduler.CosineAnnealingLR(optimizer, T_max=total_steps - warmup)
    if not warmup:
        return main, True
    # Adam's first steps are as long as its rate whatever the gradient is, and its averages know little yet: so begin small,
    # at lr/warmup and not at 0, where a step would be a batch thrown away.
    rise = lr_scheduler.LinearLR(optimizer, start_factor=1 / warmup, total_iters=max(warmup - 1, 1))
    return lr_scheduler.SequentialLR(optimizer, [rise, main], milestones=[warmup]), True


def train(config: Config) -> int:
    """Train and evaluate each epoch; returns the exit code."""
    config.check()
    refuse_many_processes()  # two processes without gradient averaging would train two models, silently
    device = choose_device(config.device)
    if config.threads:  # a part of the run: another number adds in another order, and changes the last bits
        torch.set_num_threads(config.threads)
    seeding.seed_everything(config.seed)  # before the model: its first weights come from these generators

    train_set, val_set = task.make_data()
    loaders = [
        data.make_loader(
            samples, config.batch_size, seed=config.seed, shuffle=shuffle, workers=config.workers, device=device
        )
        for samples, shuffle in ((train_set, True), (val_set, False))  # an order cannot change what evaluation finds
    ]
    train_loader, val_loader = loaders
    total_steps = config.epochs * len(train_loader)

    model = task.make_model().to(device)
    parameters = list(model.parameters())  # walked once: on a small network the walk costs as much as a layer
    optimizer = torch.optim.AdamW(parameters, lr=config.lr)
    scheduler, per_step = make_schedule(optimizer, config, total_steps)  # writes the first rate into the optimizer
    sources = [Path(__file__).with_name(name) for name in ("train.py", "task.py", "config.py")]
    about = {"train": len(train_set), "validation": len(val_set), "split": task.SPLIT, **getattr(task, "SEEN", {})}
    run = open_run(config.run_dir, task.NAME, resume=False)
    run.begin(config=as_json(config), data=about, sources=sources)

    for epoch in range(config.epochs):
        started = time.perf_counter()
        data.order_of(train_loader).set_position(epoch)  # another order in each epoch, the same in each run
        model.train()  # each epoch: dropout on, batch-norm learning. Forgotten after an eval(), nothing would say so
        losses, counts = [], []
        for batch in train_loader:
            counts.append(task.count(batch))  # on the host, before the copy: no sync
            batch = data.to_device(batch, device)  # the model's weights and its input must lie in the same memory
            optimizer.zero_grad()  # 1. forget the last step's gradients: backward adds to what is there
            loss, _ = task.loss(model, batch)  # 2. forward: predictions, and 3. how wrong they are: one number
            loss.backward()  # 4. how each weight would change the loss: fills .grad, changes no weight
            # After backward and before the step: sooner it would shorten the last step's gradients, later none at all.
            # One factor for all, so that the direction stays; returns the length before, on the device: no sync.
            grad_norm = nn.utils.clip_grad_norm_(parameters, config.clip)
            lr = optimizer.param_groups[0]["lr"]  # of this step: read after the scheduler, it would be the next one's
            optimizer.step()  # 5. move each weight a little against its gradient
            if per_step:
                scheduler.step()  # after the optimizer's step, or the first rate of the schedule is never used
            losses.append(loss.detach() * counts[-1])  # with its graph it would hold the activations; .item() would wait
        train_loss = sum(torch.stack(losses).tolist()) / sum(counts)  # one sync an epoch; a mean over moving weights
        scores = evaluate(model, val_loader, device)
        if not per_step:
            scheduler.step(scores["val_loss"])  # plateau: counts evaluations, and wants to see the loss
        seconds = time.perf_counter() - started
        row = {"epoch": epoch + 1, "train_loss": train_loss, **scores}
        row |= {"lr": lr, "grad_norm": grad_norm.item()}  # of the epoch's last step, as they were used
        run.add_history({**row, "seconds": seconds, "samples_per_second": round(sum(counts) / seconds, 1)})
        shown = "  ".join(f"{name} {value:.4f}" for name, value in {"train_loss": train_loss, **scores}.items())
        print(f"epoch {epoch + 1:>3}/{config.epochs}  {shown}", flush=True)

    run.close(scores)
    print(f"run folder {run.folder}; open {run.folder / 'report.html'}")
    print(f"final {json.dumps(scores)}")
    return 0


if __name__ == "__main__":  # where processes are spawned (macOS, Windows), each loader worker imports this file again
    with clear_errors():  # what you can mend is said in one line
        check_task(task)
        raise SystemExit(train(parse(Config, task.DEFAULTS)))
