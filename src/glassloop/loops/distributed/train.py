"""A loop that several processes run at once, each with its part of every batch, as if they were one.

Adds to `logged`: processes that `torchrun` starts, gradients averaged over them (DistributedDataParallel), one that saves.

    torchrun --nproc-per-node 2 train.py --epochs 40
    torchrun --nproc-per-node 4 train.py --resume             # on another number of processes, too
    python train.py                                           # alone: no group, no DDP, the same steps

What is sent is an all-reduce: every process gives its tensor, every process gets the sum. Each has the whole model, and goes
forward and backward with its part of the batch. When the gradients of the last layers are there, DDP begins to average them
over the processes, while the backward is still busy with the layers before: so most of the sending hides behind computing.
After the backward all hold the same gradient, take the same step, and so have the same weights, which are never sent.

`task.py` says what is trained, `config.py` what can be set. This file is yours: read it from top to bottom, change it.
"""

import json
import math
import time
from contextlib import nullcontext
from pathlib import Path

import task
import torch
import torch.distributed as dist
from config import MAY_CHANGE, Config
from glassloop.errors import UserError
from glassloop.kit import checkpoint, data, distributed, seeding
from glassloop.kit.device import autocast_dtype
from glassloop.kit.preflight import check_task
from glassloop.kit.progress import TrainingProgress
from glassloop.kit.run import clear_errors, open_run
from glassloop.kit.settings import as_json, read_settings
from torch import nn
from torch.nn.parallel import DistributedDataParallel
from torch.optim import lr_scheduler
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn


def over_all(*figures: float) -> list[float]:
    """Each figure summed over the processes. All of them have to call this, in the same order, or they wait for ever."""
    sums = torch.tensor(figures, dtype=torch.float64)
    if dist.is_initialized():
        dist.all_reduce(sums)  # numbers of the hosts, by gloo: no device waits
    return sums.tolist()


@torch.inference_mode()  # no graph: a validation batch costs its forward alone, in time and in memory
def evaluate(model, loader, device, autocast) -> dict[str, float]:
    """Loss and metrics over the whole of `loader`, each sample counted once; the model is left in the mode it had."""
    if dist.is_initialized():  # batch-norm's running statistics: each process has those of its parts; the first one's hold
        for buffer in model.buffers():
            dist.broadcast(buffer, src=0)
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
    # The only sync of an evaluation, besides the metrics'. Sums and counts over all, then the division: a mean of the
    # processes' means would weigh a short part too high.
    total, items = over_all(sum(torch.stack(losses).tolist()), sum(counts))
    scores = {f"val_{name}": float(value) for name, value in metrics.compute().items()}  # torchmetrics joins its own
    return {"val_loss": total / items} | scores


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
    rank, world = distributed.rank(), distributed.world()  # which of the processes this is, from 0, and how many there are
    device = distributed.local_device(config.device)  # on GPUs each process has its own
    if config.threads:  # a part of the run: another number adds in another order, and changes the last bits
        torch.set_num_threads(config.threads)
    seeding.seed_everything(config.seed)  # before the model: its first weights come from these generators

    train_set, val_set = task.make_data()
    # The order is a pure function of (seed, epoch): so a resumed run sees just the samples that it had not seen, and every
    # process knows it. Of each batch it takes the samples rank, rank + world, …: --batch-size counts those of all together,
    # so the number of processes changes neither the steps nor the learning rate that suits them.
    how = {"seed": config.seed, "workers": config.workers, "device": device, "rank": rank, "world": world}
    loaders = [
        data.make_loader(samples, config.batch_size, shuffle=shuffle, **how)
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
    # Each process has drawn the same weights. From here on each has generators of its own: dropout differs between the
    # parts of a batch, as it does between its samples. Augmentation does not come from them: it is keyed by sample.
    distributed.part_generators(config.seed)
    parameters = list(model.parameters())  # walked once: on a small network the walk costs as much as a layer
    optimizer = torch.optim.AdamW(parameters, lr=config.lr)
    scheduler, per_step = make_schedule(optimizer, config, total_steps)  # writes the first rate into the optimizer
    # float16 rounds gradients below 3e-8 to 0: the scaler multiplies the loss by a large number, and divides the
    # gradients by it again. bfloat16 has float32's range and needs none. Switched off, it passes everything through.
    scaler = torch.amp.GradScaler(device.type, enabled=config.precision == "fp16")
    # Multiplies and convolves in the lower precision, and keeps in float32 what would lose too much in it. The weights
    # stay float32: an update is often smaller than what a 16-bit weight can be changed by.
    autocast = torch.autocast(device.type, autocast_dtype(config.precision), enabled=config.precision != "fp32")

    # Sends the first process's weights to all, and listens to each parameter's gradient from here on. `model` stays what
    # is saved and evaluated: its names have no "module." in front, and a forward of it alone waits for nobody. DDP packs the
    # gradients anew after the first backward; three processes or more then add in another order, so that a resumed run of
    # them ends a few last bits off. `distributed.wrap` of the kit does it with a backward beforehand.
    forward = DistributedDataParallel(model) if world > 1 else model

    settings = as_json(config)
    run = open_run(config.run_dir, task.NAME, resume=config.resume)
    modules = {"model": model, "ema": ema} if ema else {"model": model}
    stateful = {"optimizer": optimizer, "scheduler": scheduler, "scaler": scaler}
    # A loss is a promise: the device computes it while the host goes on to prepare the next step. `.item()`, `float()`,
    # `print()` and `if loss > ...` make the host wait for it, and the device then waits for the host.
    waiting = []  # figures of steps that were not read yet, where they are: a reference each, no sync
    meter = {"total": 0.0, "items": 0, "loss": math.nan, "lr": math.nan, "grad_norm": math.nan}  # as read; the last step's
    step = first_epoch = first_batch = 0
    best = None  # is stored too: a resumed run that forgot it would take a worse model for the best one
    found = checkpoint.load_newest(run.checkpoints) if config.resume else None
    if found:
        checkpoint.restore(found, modules, stateful, settings, MAY_CHANGE)
        step, best = found.step, found.state["best"]
        first_epoch, first_batch = found.state["epoch"], found.state["batch"]
        meter.update(found.state["meter"])
        # Last: building what stands above may have drawn from the generators. Each process has its own; where there are
        # more of them than before, the new ones begin anew, and where there are fewer, dropout differs as well.
        distributed.restore_generators(found.state["rng"], config.seed, step)
        print(f"resumed after step {step}: epoch {first_epoch + 1}, {first_batch} of {len(train_loader)} batches done")
    elif config.resume:
        print(f"nothing to resume in {run.folder}: a new run begins")
    run.drop_history_from(first_epoch)  # rows of epochs beyond the checkpoint, which will be written again
    about = {"train": len(train_set), "validation": len(val_set), "split": task.SPLIT, **getattr(task, "SEEN", {})}
    sources = [Path(__file__).with_name(name) for name in ("train.py", "task.py", "config.py")]
    run.begin(config=settings, data=about, sources=sources)  # here, so that a refusal leaves the record as it was

    def read_meter() -> int:
        """Bring all that waits to the host in one copy: the sync. Returns how many items that was."""
        if not waiting:
            return 0
        before = meter["items"]
        figures = torch.stack([figure for _, loss, norm, _, _ in waiting for figure in (loss, norm)]).tolist()
        figures = iter([figure / world for figure in over_all(*figures)])  # the mean over the processes, as DDP's gradients
        for number, _, _, items, lr in waiting:
            loss, grad_norm = next(figures), next(figures)
            if not math.isfinite(loss):
                raise UserError(f"the loss of step {number} is {loss}; the last checkpoint is whole. Lower --lr")
            meter.update(loss=loss, lr=lr, grad_norm=grad_norm)
            # On the host in float64 and in the order of the steps: the same bits, whenever it was read.
            meter.update(total=meter["total"] + loss * items, items=meter["items"] + items)
        waiting.clear()
        return meter["items"] - before

    def save(epoch: int, batches_done: int, is_best: bool = False) -> None:
        """Everything that the next step depends on. Between two steps, so that no gradient has to be kept."""
        read_meter()  # a NaN ends the run here, before it could enter a checkpoint
        state = {name: holder.state_dict() for name, holder in stateful.items()}
        state |= {"epoch": epoch, "batch": batches_done, "best": best}  # with the epoch, the batch is the position
        state |= {"meter": meter, "rng": distributed.gather(seeding.rng_state())}  # all else is the same in each process
        if rank == 0:  # two writers of one file would write over each other
            # Written aside, synced, then renamed: a crash while saving leaves the checkpoint before it.
            checkpoint.save(run.checkpoints, step, modules, state, settings, keep=config.keep, best=is_best)

    with TrainingProgress(total_steps, step) as progress:
        for epoch in range(first_epoch, config.epochs):
            started, seen_before = time.perf_counter(), meter["items"]
            data.order_of(train_loader).set_position(epoch, first_batch)
            batches_done = first_batch  # stored instead of the samples themselves
            model.train()  # each epoch: dropout on, batch-norm learning. Forgotten after an eval(), nothing would say so
            # k batches; the last window holds what is left. A process that has no sample of a short last batch gets one that
            # counts 0: every process must go backward as often as the others, or they would wait for its gradients.
            for window in data.windows(data.counted(train_loader, task.count), config.accumulate):
                optimizer.zero_grad()  # 1. once a window: in the loop below it would forget all but the last batch
                items = int(over_all(sum(count for count, _ in window))[0])  # on the hosts, before the copy: no sync
                losses = []
                for number, (count, batch) in enumerate(window, 1):
                    # DDP averages over the processes: a batch weighs as its share of what one of them has on average.
                    share = count * world / items
                    batch = data.to_device(batch, device)  # the model's weights and its input must lie in the same memory
                    # Gradients add up at home, and travel with the last batch of the window: so once a step, not k times.
                    # The forward decides that, so it is what stands in no_sync; the backward needs not.
                    alone = world == 1 or number == len(window)
                    with nullcontext() if alone else forward.no_sync(), autocast:
                        loss, _ = task.loss(forward, batch)  # 2. forward: predictions, and 3. how wrong they are: one number
                    # The division that accumulation needs. By items, not by k: so k batches weigh as one large batch, also
                    # where one is short, or where the items are tokens and the batches hold different numbers of them.
                    loss = loss * share
                    scaler.scale(loss).backward()  # 4. outside autocast: it uses the types that the forward chose
                    losses.append(loss.detach())  # with its graph it would hold the activations; .item() would wait
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
                waiting.append((step, sum(losses), grad_norm, items, lr))  # tensors, still being computed: no sync

                if step % config.log_every == 0:
                    seen = read_meter()  # waits until the device has done what it was told
                    progress.update(step, loss=meter["loss"], lr=lr, samples=seen)
                if step == config.stop_at:
                    save(epoch, batches_done)
                    progress.say(f"stopped after step {step}; --resume goes on from there, in {run.folder}")
                    run.close(final=None)
                    return 0
                mid_epoch = batches_done < len(train_loader)  # the last step of an epoch is saved after its evaluation
                if config.save_every and step % config.save_every == 0 and mid_epoch:
                    save(epoch, batches_done)

            read_meter()  # waits for the device: without it, `seconds` would measure how fast work was handed over
            seconds = time.perf_counter() - started
            train_loss = meter["total"] / meter["items"]  # a mean over moving weights
            scores = evaluate(ema or model, val_loader, device, autocast)
            if not per_step:
                scheduler.step(scores["val_loss"])  # plateau: counts evaluations, and wants to see the loss
            goal, direction = task.GOAL
            score = scores[goal] if direction == "max" else -scores[goal]
            is_best = score == score and (best is None or score > best)  # NaN, unequal to itself, is never the best
            best = score if is_best else best
            row = {"epoch": epoch + 1, "step": step, "train_loss": train_loss, **scores}
            row |= {"lr": meter["lr"], "grad_norm": meter["grad_norm"]}  # of the epoch's last step, as they were used
            rate = (meter["items"] - seen_before) / seconds
            run.add_history({**row, "seconds": seconds, "samples_per_second": round(rate, 1)})
            shown = "  ".join(f"{name} {value:.4f}" for name, value in {"train_loss": train_loss, **scores}.items())
            progress.say(f"epoch {epoch + 1:>3}/{config.epochs}  {shown}")
            meter.update(total=0.0, items=0)
            first_batch = 0
            save(epoch + 1, 0, is_best)

    last = run.last_row()
    final = {name: last[name] for name in last if name.startswith("val_")}
    run.close(final)
    print(f"run folder {run.folder}; open {run.folder / 'report.html'}")
    print(f"final {json.dumps(final)}")
    return 0


if __name__ == "__main__":  # where processes are spawned (macOS, Windows), each loader worker imports this file again
    with clear_errors(), distributed.join():  # joins the group, and leaves it; only the first process prints
        check_task(task)
        raise SystemExit(train(read_settings(Config, task.DEFAULTS, task.NAME)))
