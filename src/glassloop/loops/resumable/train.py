"""A run that a crash, a kill or a power cut can only delay.

Adds to `averaged`: checkpoints of everything that the next step depends on, from which a run goes on bit for bit.

    python train.py --epochs 40 --save-every 50
    python train.py --resume                                  # after a crash or a kill

`task.py` says what is trained, `config.py` what can be set. This file is yours: read it from top to bottom, change it.
"""

import json
import time
from pathlib import Path

import task
import torch
from config import MAY_CHANGE, Config
from glassloop.errors import UserError
from glassloop.kit import checkpoint, data, seeding
from glassloop.kit.device import autocast_dtype, choose_device, refuse_many_processes
from glassloop.kit.preflight import check_task
from glassloop.kit.run import clear_errors, open_run
from glassloop.kit.settings import as_json, read_settings
from torch import nn
from torch.optim import lr_scheduler
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn


@torch.inference_mode()  # no graph: a validation batch costs its forward alone, in time and in memory
def evaluate(model, loader, device, autocast) -> dict[str, float]:
    """Loss and metrics over the whole of `loader`, each sample counted once; the model is left in the mode it had."""
    was_training = model.training
    model.eval()  # dropout off, batch-norm by its running statistics: a sample is judged apart from its batch
    metrics = task.make_metrics().to(device)
    losses, counts = [], []
    data.order_of(loader).set_position(0)  # from its first batch
    for batch in loader:
        counts.append(task.count(batch))
        batch = data.to_device(batch, device)
        with autocast:
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
    """Train, evaluate and checkpoint each epoch; returns the exit code."""
    config.check()
    refuse_many_processes()  # two processes without gradient averaging would train two models, silently
    device = choose_device(config.device)
    if config.threads:  # a part of the run: another number adds in another order, and changes the last bits
        torch.set_num_threads(config.threads)
    seeding.seed_everything(config.seed)  # before the model: its first weights come from these generators

    train_set, val_set = task.make_data()
    # The order is a pure function of (seed, epoch): so a resumed run sees just the samples that it had not seen.
    loaders = [
        data.make_loader(
            samples, config.batch_size, seed=config.seed, shuffle=shuffle, workers=config.workers, device=device
        )
        for samples, shuffle in ((train_set, True), (val_set, False))  # an order cannot change what evaluation finds
    ]
    train_loader, val_loader = loaders
    steps_per_epoch = -(-len(train_loader) // config.accumulate)  # rounded up: the last, shorter window is stepped too
    total_steps = config.epochs * steps_per_epoch

    model = task.make_model().to(device)
    ema = None
    if config.ema:  # a copy that trails the model: evaluated, never trained; costs the weights' memory again
        # The batch-norms' running statistics, too: those of other weights would not fit the averaged ones.
        ema = AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(config.ema), use_buffers=True)
    parameters = list(model.parameters())  # walked once: on a small network the walk costs as much as a layer
    optimizer = torch.optim.AdamW(parameters, lr=config.lr)
    scheduler, per_step = make_schedule(optimizer, config, total_steps)  # writes the first rate into the optimizer
    # float16 rounds gradients below 3e-8 to 0: the scaler multiplies the loss by a large number, and divides the
    # gradients by it again. bfloat16 has float32's range and needs none. Switched off, it passes everything through.
    scaler = torch.amp.GradScaler(device.type, enabled=config.precision == "fp16")
    # Multiplies and convolves in the lower precision, and keeps in float32 what would lose too much in it. The weights
    # stay float32: an update is often smaller than what a 16-bit weight can be changed by.
    autocast = torch.autocast(device.type, autocast_dtype(config.precision), enabled=config.precision != "fp32")

    settings = as_json(config)
    run = open_run(config.run_dir, task.NAME, resume=config.resume)
    modules = {"model": model, "ema": ema} if ema else {"model": model}
    stateful = {"optimizer": optimizer, "scheduler": scheduler, "scaler": scaler}
    losses, counts = [], []
    step = first_epoch = first_batch = 0
    best = None  # is stored too: a resumed run that forgot it would take a worse model for the best one
    found = checkpoint.load_newest(run.checkpoints) if config.resume else None
    if found:
        checkpoint.restore(found, modules, stateful, settings, MAY_CHANGE)
        step, best = found.step, found.state["best"]
        first_epoch, first_batch = found.state["epoch"], found.state["batch"]
        losses, counts = data.to_device(found.state["losses"], device), found.state["counts"]
        lr, grad_norm = found.state["lr"], found.state["grad_norm"]
        seeding.set_rng_state(found.state["rng"])  # last: building what stands above may have drawn from the generators
        print(f"resumed after step {step}: epoch {first_epoch + 1}, {first_batch} of {len(train_loader)} batches done")
    elif config.resume:
        print(f"nothing to resume in {run.folder}: a new run begins")
    run.drop_history_from(first_epoch)  # rows of epochs beyond the checkpoint, which will be written again
    about = {"train": len(train_set), "validation": len(val_set), "split": task.SPLIT, **getattr(task, "SEEN", {})}
    sources = [Path(__file__).with_name(name) for name in ("train.py", "task.py", "config.py")]
    run.begin(config=settings, data=about, sources=sources)  # here, so that a refusal leaves the record as it was

    def save(epoch: int, batches_done: int, is_best: bool = False) -> None:
        """Everything that the next step depends on. Between two steps, so that no gradient has to be kept."""
        if losses and not torch.stack(losses).isfinite().all():  # waits for the device; a NaN must not enter a checkpoint
            raise UserError(f"a loss up to step {step} is not finite; the last checkpoint is whole. Lower --lr")
        state = {name: holder.state_dict() for name, holder in stateful.items()}
        state |= {"epoch": epoch, "batch": batches_done, "best": best}  # with the epoch, the batch is the position
        state |= {"losses": losses, "counts": counts, "lr": lr, "grad_norm": grad_norm}
        state["rng"] = seeding.rng_state()
        # Written aside, synced, then renamed: a crash while saving leaves the checkpoint before it.
        checkpoint.save(run.checkpoints, step, modules, state, settings, keep=config.keep, best=is_best)

    for epoch in range(first_epoch, config.epochs):
        started, seen_before = time.perf_counter(), sum(counts)
        data.order_of(train_loader).set_position(epoch, first_batch)
        batches_done = first_batch  # stored instead of the samples themselves
        model.train()  # each epoch: dropout on, batch-norm learning. Forgotten after an eval(), nothing would say so
        for window in data.windows(train_loader, config.accumulate):  # k batches; the last window holds what is left
            optimizer.zero_grad()  # 1. once a window: in the loop below it would forget all but the last batch
            items = sum(map(task.count, window))  # on the host, before the copy: no sync
            for batch in window:
                share = task.count(batch) / items
                batch = data.to_device(batch, device)  # the model's weights and its input must lie in the same memory
                with autocast:
                    loss, _ = task.loss(model, batch)  # 2. forward: predictions, and 3. how wrong they are: one number
                # The division that accumulation needs. By items, not by k: so k batches weigh as one large batch, also
                # where one is short, or where the items are tokens and the batches hold different numbers of them.
                loss = loss * share
                scaler.scale(loss).backward()  # 4. outside autocast: it uses the types that the forward chose
                losses.append(loss.detach() * items)  # with its graph it would hold the activations; .item() would wait
            counts.append(items)
            scaler.unscale_(optimizer)  # before the clip, or the limit would be held against scaled gradients
            # After the last backward and before the step: sooner it would shorten a part of the sum, later nothing.
            # One factor for all, so that the direction stays; returns the length before, on the device: no sync.
            grad_norm = nn.utils.clip_grad_norm_(parameters, config.clip)
            lr, scale = optimizer.param_groups[0]["lr"], scaler.get_scale()  # of this step
            scaler.step(optimizer)  # 5. moves each weight a little; does nothing where a float16 gradient overflowed
            scaler.update()  # then lowers the scale; without this line the next step would raise
            skipped = scaler.get_scale() < scale  # how an overflow shows; a sync each, but only while the scaler is on
            if per_step and not skipped:
                scheduler.step()  # after the optimizer's step, or the first rate of the schedule is never used
            if ema and not skipped:
                ema.update_parameters(model)  # after the step: ema = decay * ema + (1 - decay) * model; the first copies
            step += 1
            batches_done += len(window)
            if step == config.stop_at:
                save(epoch, batches_done)
                print(f"stopped after step {step}; --resume goes on from there, in {run.folder}")
                run.close(final=None)
                return 0
            mid_epoch = batches_done < len(train_loader)  # the last step of an epoch is saved after its evaluation
            if config.save_every and step % config.save_every == 0 and mid_epoch:
                save(epoch, batches_done)
        train_loss = sum(torch.stack(losses).tolist()) / sum(counts)  # one sync an epoch; a mean over moving weights
        scores = evaluate(ema or model, val_loader, device, autocast)
        if not per_step:
            scheduler.step(scores["val_loss"])  # plateau: counts evaluations, and wants to see the loss
        seconds = time.perf_counter() - started
        goal, direction = task.GOAL
        score = scores[goal] if direction == "max" else -scores[goal]
        is_best = score == score and (best is None or score > best)  # NaN, unequal to itself, is never the best
        best = score if is_best else best
        row = {"epoch": epoch + 1, "step": step, "train_loss": train_loss, **scores}
        row |= {"lr": lr, "grad_norm": grad_norm.item()}  # of the epoch's last step, as they were used
        rate = (sum(counts) - seen_before) / seconds
        run.add_history({**row, "seconds": seconds, "samples_per_second": round(rate, 1)})
        shown = "  ".join(f"{name} {value:.4f}" for name, value in {"train_loss": train_loss, **scores}.items())
        print(f"epoch {epoch + 1:>3}/{config.epochs}  {shown}", flush=True)
        losses, counts, first_batch = [], [], 0
        save(epoch + 1, 0, is_best)

    last = run.last_row()
    final = {name: last[name] for name in last if name.startswith("val_")}
    run.close(final)
    print(f"run folder {run.folder}; open {run.folder / 'report.html'}")
    print(f"final {json.dumps(final)}")
    return 0


if __name__ == "__main__":  # where processes are spawned (macOS, Windows), each loader worker imports this file again
    with clear_errors():  # what you can mend is said in one line
        check_task(task)
        raise SystemExit(train(read_settings(Config, task.DEFAULTS, task.NAME)))
