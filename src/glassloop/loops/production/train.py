"""The production loop: what a long run needs, and nothing between you and `loss.backward()`.

Adds to `distributed`: a first batch that is tried before anything runs, signals that are obeyed between two steps,
compilation, recomputed activations, one batch to learn by heart; what stood there as text (schedule, meter) is the kit's.

    python train.py --epochs 40 --precision bf16 --ema 0.98
    python train.py --resume                                  # after a crash, a kill or Ctrl-C
    torchrun --nproc-per-node 2 train.py                      # the same batches, each cut in two

`task.py` says what is trained, `config.py` what can be set. This file is yours: read it from top to bottom, change it.
"""

import json
import time
from pathlib import Path

import task
import torch
from config import MAY_CHANGE, Config
from glassloop.kit import checkpoint, data, distributed, seeding
from glassloop.kit.device import autocast_dtype
from glassloop.kit.meter import Meter
from glassloop.kit.metrics import intervals, with_intervals
from glassloop.kit.preflight import check_first_batch, check_task
from glassloop.kit.progress import TrainingProgress
from glassloop.kit.recompute import blocks_of, recompute
from glassloop.kit.run import clear_errors, open_run
from glassloop.kit.schedule import make_schedule
from glassloop.kit.settings import as_json, read_settings
from glassloop.kit.signals import StopSignal
from glassloop.kit.trackers import open_tracker
from torch import nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn


@torch.inference_mode()  # no graph: a validation batch costs its forward alone, in time and in memory
def evaluate(model, loader, device, autocast) -> dict[str, float]:
    """Loss and metrics over the whole of `loader`, each sample counted once; the model is left in the mode it had.

    Of several processes each judges its part, and all get the scores of the whole; torchmetrics joins its own.
    """
    distributed.share_buffers(model)  # batch-norm's statistics, of which each process has seen its part: the first one's
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
    # The only sync of an evaluation, besides the metrics'.
    total, items = distributed.total([sum(torch.stack(losses).tolist()), sum(counts)])
    scores = {f"val_{name}": float(value) for name, value in metrics.compute().items()}
    return {"val_loss": total / items} | scores


def train(config: Config) -> int:
    """Train, evaluate and checkpoint each epoch; returns the exit code."""
    config.check()
    device = distributed.local_device(config.device)  # of several processes on one machine each takes its own GPU
    if config.threads:  # a part of the run: another number adds in another order, and changes the last bits
        torch.set_num_threads(config.threads)
    seeding.seed_everything(config.seed)  # before the model: its first weights come from these generators

    # ---- data --------------------------------------------------------------------------------------------------------
    train_set, val_set = task.make_data()
    if config.overfit_one_batch:  # the same few samples, not augmented, to learn by heart and to be judged by
        train_set = val_set = data.first_batch(train_set, config.batch_size, config.seed)
    # The order is a pure function of (seed, epoch): so a resumed run sees just the samples that it had not seen. Several
    # processes cut each batch of it among them: how many they are changes nothing about which samples make a step.
    how = {"seed": config.seed, "workers": config.workers, "device": device}
    how |= {"rank": distributed.rank(), "world": distributed.world()}
    loaders = [
        data.make_loader(samples, config.batch_size, shuffle=shuffle, **how)
        for samples, shuffle in ((train_set, True), (val_set, False))  # an order cannot change what evaluation finds
    ]
    train_loader, val_loader = loaders
    steps_per_epoch = -(-len(train_loader) // config.accumulate)  # rounded up: the last, shorter window is stepped too
    total_steps = config.epochs * steps_per_epoch

    # ---- model, optimizer, schedule ----------------------------------------------------------------------------------
    model = task.make_model().to(device)
    check_first_batch(model, train_loader, task.loss, device)  # a wrong shape or a NaN: one line now, no trace later
    check_first_batch(model, val_loader, task.loss, device, of="validation")  # nor one after a whole epoch
    ema = None
    if config.ema:  # a copy that trails the model: evaluated, never trained; costs the weights' memory again
        ema = AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(config.ema), use_buffers=True)
    if config.recompute:  # below the copy: the copy is never backwarded through, so it needs no recomputing
        for block in blocks_of(model):
            recompute(block)
    distributed.part_generators(config.seed)  # dropout differs between processes, as it does between samples
    parameters = list(model.parameters())  # walked once: on a small network the walk costs as much as a layer
    fused = device.type in ("cpu", "cuda")  # one kernel for all parameters instead of several for each
    optimizer = torch.optim.AdamW(parameters, lr=config.lr, weight_decay=config.weight_decay, fused=fused)
    warmup_steps = int(config.warmup * total_steps)
    schedule = make_schedule(optimizer, config.schedule, total_steps=total_steps, warmup_steps=warmup_steps)
    # float16 rounds gradients below 3e-8 to 0: the scaler multiplies the loss by a large number, and divides the
    # gradients by it again. bfloat16 has float32's range and needs none. Switched off, it passes everything through.
    scaler = torch.amp.GradScaler(device.type, enabled=config.precision == "fp16")
    # Multiplies and convolves in the lower precision, and keeps in float32 what would lose too much in it.
    autocast = torch.autocast(device.type, autocast_dtype(config.precision), enabled=config.precision != "fp32")
    # Several processes: DDP, whose backward averages the gradients over them, each layer's while earlier ones are computed.
    forward = distributed.wrap(model, train_loader, task.loss, device)  # shares the weights; `model` keeps their plain names
    if config.compile:
        forward = torch.compile(forward)

    # ---- what was reached before -------------------------------------------------------------------------------------
    settings = as_json(config)
    run = open_run(config.run_dir, task.NAME, resume=config.resume)
    modules = {"model": model, "ema": ema} if ema else {"model": model}
    stateful = {"optimizer": optimizer, "scheduler": schedule.scheduler, "scaler": scaler}
    meter = Meter()
    step = first_epoch = first_batch = 0
    best = None  # is stored too: a resumed run that forgot it would take a worse model for the best one
    found = checkpoint.load_newest(run.checkpoints) if config.resume else None
    # Each process has read its flags and the checkpoint by itself: a folder that they do not share would show here.
    distributed.refuse_differences({**settings, "checkpoint": found and found.digest})
    if found:
        checkpoint.restore(found, modules, stateful, settings, MAY_CHANGE)
        meter.load_state(found.state["meter"])
        step, best = found.step, found.state["best"]
        first_epoch, first_batch = found.state["epoch"], found.state["batch"]
        # Last: building what stands above may have drawn from the generators.
        distributed.restore_generators(found.state["rng"], config.seed, step)
        print(f"resumed after step {step}: epoch {first_epoch + 1}, {first_batch} of {len(train_loader)} batches done")
        if len(found.state["rng"]) != distributed.world():
            print(f"with {distributed.world()} processes, before {len(found.state['rng'])}: same batches, other dropout")
    elif config.resume:
        print(f"nothing to resume in {run.folder}: a new run begins")
    run.drop_history_from(first_epoch)  # rows of epochs beyond the checkpoint, which will be written again
    about = {"train": len(train_set), "validation": len(val_set), "split": task.SPLIT, **getattr(task, "SEEN", {})}
    sources = [Path(__file__).with_name(name) for name in ("train.py", "task.py", "config.py")]
    run.begin(config=settings, data=about, sources=sources)  # here, so that a refusal leaves the record as it was
    shown_in = config.tracker if distributed.is_first() else "none"
    tracker = open_tracker(shown_in, run.folder, task.NAME, settings, step)  # a resumed run goes on with its curves

    def read_meter() -> int:
        """Take in the losses that wait: the sync. A scaler's overflows are its way of probing, until it gives up."""
        probing = scaler.is_enabled() and scaler.get_scale() >= 1
        return meter.read(overflow_allowed=probing, mean=distributed.mean)

    def save(epoch: int, batches_done: int, is_best: bool = False) -> None:
        """Everything that the next step depends on. Between two steps, so that no gradient has to be kept."""
        read_meter()  # a NaN ends the run here, before it could enter a checkpoint
        state = {name: holder.state_dict() for name, holder in stateful.items()}
        state |= {"epoch": epoch, "batch": batches_done, "best": best}
        state |= {"meter": meter.state(), "rng": distributed.gather(seeding.rng_state())}  # all else is the same in each
        if distributed.is_first():
            checkpoint.save(run.checkpoints, step, modules, state, settings, keep=config.keep, best=is_best)

    # ---- the loop ----------------------------------------------------------------------------------------------------
    size = f"{len(train_set):,} samples, {sum(p.numel() for p in parameters):,} parameters"
    print(f"{task.NAME}: {size}, {total_steps:,} steps on {device} -> {run.folder}", flush=True)
    with StopSignal() as stop, TrainingProgress(total_steps, step) as progress:
        for epoch in range(first_epoch, config.epochs):
            started, seen_before = time.perf_counter(), meter.items
            data.order_of(train_loader).set_position(epoch, first_batch)
            batches_done = first_batch  # stored instead of the samples themselves: with the epoch, it is the position
            model.train()  # dropout on, batch-norm learning; forgotten after an eval(), nothing would say so

            for window in data.windows(data.counted(train_loader, task.count), config.accumulate):
                # Between backward and step this would empty the update; left out, each step would add to the last one's.
                optimizer.zero_grad(set_to_none=True)
                # Counted on the host, before the copy: no sync. Other processes answer while the first batch is computed.
                agreed = distributed.agree(sum(count for count, _ in window), stop)
                losses = []
                for number, (count, batch) in enumerate(window, 1):
                    batch = data.to_device(batch, device)
                    with autocast, distributed.no_sync(forward, unless=number == len(window)):
                        loss, _ = task.loss(forward, batch)
                    # The division that accumulation needs: k batches weigh as one large batch, also where one is short.
                    # DDP averages over the processes: so what a batch weighs is its share of what they have on average.
                    share = count * distributed.world() / agreed.items
                    if share != 1:  # a product with 1.0 and its backward would be 30 µs for nothing
                        loss = loss * share
                    scaler.scale(loss).backward()  # outside autocast: it uses the types that the forward chose
                    losses.append(loss.detach())  # with its graph it would hold the activations; .item() would wait
                scaler.unscale_(optimizer)  # before the clip, or the limit would be held against scaled gradients
                # After the last backward and before the step; returns the length before clipping, on the device.
                grad_norm = nn.utils.clip_grad_norm_(parameters, config.clip)
                lr, scale = optimizer.param_groups[0]["lr"], scaler.get_scale()
                scaler.step(optimizer)  # does nothing where a float16 gradient overflowed
                scaler.update()  # then lowers the scale; without this line the next step would raise
                skipped = scaler.get_scale() < scale  # how an overflow shows; a sync each, but only while the scaler is on
                if schedule.per_step and not skipped:
                    schedule.scheduler.step()  # after the optimizer's step, or the first rate of the schedule is never used
                if ema and not skipped:
                    ema.update_parameters(model)
                step += 1
                batches_done += len(window)
                meter.add(step, losses, grad_norm, agreed.items, lr)  # keeps the tensors where they are: no sync

                if step % config.log_every == 0:
                    seen = read_meter()  # waits until the device has done what it was told
                    progress.update(step, loss=meter.loss, lr=meter.lr, samples=seen)
                    tracker.log(step, {"step_loss": meter.loss, "lr": meter.lr, "grad_norm": meter.grad_norm})
                if agreed.stops or step == config.stop_at:
                    save(epoch, batches_done)
                    progress.say(f"stopped after step {step}; --resume goes on from there, in {run.folder}")
                    run.close(final=None, exit_code=agreed.exit_code)
                    tracker.close()
                    return agreed.exit_code
                mid_epoch = batches_done < len(train_loader)  # the last step of an epoch is saved after its evaluation
                if config.save_every and step % config.save_every == 0 and mid_epoch:
                    save(epoch, batches_done)

            # ---- evaluate, remember, keep ----------------------------------------------------------------------------
            read_meter()  # waits for the device: without it, `seconds` would measure how fast work was handed over
            seconds = time.perf_counter() - started
            scores = evaluate(ema or model, val_loader, device, autocast)
            if not schedule.per_step:
                schedule.scheduler.step(scores["val_loss"])  # plateau: counts evaluations, and wants to see the loss
            goal, direction = task.GOAL
            score = scores[goal] if direction == "max" else -scores[goal]
            is_best = score == score and (best is None or score > best)  # NaN, unequal to itself, is never the best
            best = score if is_best else best
            row = {"epoch": epoch + 1, "step": step, "train_loss": meter.mean(), **scores}
            row |= {"lr": meter.lr, "grad_norm": meter.grad_norm}  # of the epoch's last step, as they were used
            rate = (meter.items - seen_before) / seconds
            row |= {"seconds": round(seconds, 3), "samples_per_second": round(rate, 1)}
            run.add_history(row)
            if distributed.is_first():
                task.after_epoch(ema or model, epoch + 1, run.folder)
            tracker.log(step, row)
            tracker.pictures(step)
            progress.say(
                f"epoch {epoch + 1:>3}/{config.epochs}  train_loss {meter.mean():.4f}  val_loss {scores['val_loss']:.4f}  "
                f"{goal} {scores[goal]:.4f}{'*' if is_best else ' '}  lr {meter.lr:.2e}  {rate:,.0f} samples/s"
            )
            meter.start_epoch()
            first_batch = 0
            save(epoch + 1, 0, is_best)

    if distributed.is_first():  # the last weights; the best ones lie in checkpoints/best
        task.after_training(ema or model, run.folder)
    tracker.pictures(step)
    tracker.close()
    last = run.last_row()
    final = {name: last[name] for name in last if name.startswith("val_")}
    # How far each metric could be off, had chance kept other samples for validation. One more pass over them.
    final |= intervals(task, ema or model, val_loader, device, autocast, scores=final)
    run.close(final)
    if shown := with_intervals(final):
        print(f"95 % intervals over validation samples: {shown}")
    print(f"run folder {run.folder}; open {run.folder / 'report.html'}")
    print(f"final {json.dumps(final)}")
    return 0


if __name__ == "__main__":  # where processes are spawned (macOS, Windows), each loader worker imports this file again
    with clear_errors(), distributed.join():  # what you can mend is said in one line, by one process
        check_task(task)
        raise SystemExit(train(read_settings(Config, task.DEFAULTS, task.NAME)))
