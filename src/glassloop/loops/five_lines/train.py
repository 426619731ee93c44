"""The five lines that every training loop is made of, and what they need around them to run.

    python train.py --epochs 20

`task.py` says what is trained, `config.py` what can be set. This file is yours: read it from top to bottom, change it.
"""

import json

import task
import torch
from config import Config
from glassloop.kit import data, seeding
from glassloop.kit.device import choose_device, refuse_many_processes
from glassloop.kit.preflight import check_task
from glassloop.kit.run import clear_errors
from glassloop.kit.settings import parse


def train(config: Config) -> int:
    """Train for some epochs; returns the exit code."""
    config.check()
    refuse_many_processes()  # two processes without gradient averaging would train two models, silently
    device = choose_device(config.device)
    if config.threads:  # a part of the run: another number adds in another order, and changes the last bits
        torch.set_num_threads(config.threads)
    seeding.seed_everything(config.seed)  # before the model: its first weights come from these generators

    train_set, _ = task.make_data()
    train_loader = data.make_loader(
        train_set, config.batch_size, seed=config.seed, shuffle=True, workers=config.workers, device=device
    )
    model = task.make_model().to(device)
    optimizer = torch.optim.AdamW(model.parameters(), lr=config.lr)

    for epoch in range(config.epochs):
        data.order_of(train_loader).set_position(epoch)  # another order in each epoch, the same in each run
        model.train()  # dropout on, batch-norm learning
        for batch in train_loader:
            batch = data.to_device(batch, device)  # the model's weights and its input must lie in the same memory
            optimizer.zero_grad()  # 1. forget the last step's gradients: backward adds to what is there
            loss, _ = task.loss(model, batch)  # 2. forward: predictions, and 3. how wrong they are: one number
            loss.backward()  # 4. how each weight would change the loss: fills .grad, changes no weight
            optimizer.step()  # 5. move each weight a little against its gradient
        # .item() makes the host wait for the device: once an epoch costs nothing, once a step can cost a third.
        last_loss = loss.item()  # of the last batch, before its step: not the epoch's mean, and not of unseen data
        print(f"epoch {epoch + 1:>3}/{config.epochs}  last batch's loss {last_loss:.4f}", flush=True)

    print(f"final {json.dumps({'train_loss': last_loss})}")
    return 0


if __name__ == "__main__":  # where processes are spawned (macOS, Windows), each loader worker imports this file again
    with clear_errors():  # what you can mend is said in one line
        check_task(task)
        raise SystemExit(train(parse(Config, task.DEFAULTS)))
