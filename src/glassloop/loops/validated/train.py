"""The five lines, and after each epoch an honest look at samples that were not trained on.

Adds to `five_lines`: evaluation without dropout and without a graph, losses weighted by samples, metrics, a history.

    python train.py --epochs 20

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
    model = task.make_model().to(device)
    optimizer = torch.optim.AdamW(model.parameters(), lr=config.lr)
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
            optimizer.step()  # 5. move each weight a little against its gradient
            losses.append(loss.detach() * counts[-1])  # with its graph it would hold the activations; .item() would wait
        train_loss = sum(torch.stack(losses).tolist()) / sum(counts)  # one sync an epoch; a mean over moving weights
        scores = evaluate(model, val_loader, device)
        seconds = time.perf_counter() - started
        row = {"epoch": epoch + 1, "train_loss": train_loss, **scores, "lr": config.lr}
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
