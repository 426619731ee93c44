"""The loops that are compared. Each trains the same model on the same loader's batches, with fused AdamW, on one thread.

An arm is a function (task, epochs, folder); its docstring says what it does besides forward, backward, step and zero_grad.
"five lines" arms do none of the rest; "same duties" arms do what the production loop does, by their library's own means:
clip to norm 1.0, warm-up and cosine per step, loss and rate on a progress bar every 20 steps, a validation batch,
history and a checkpoint at the end of each epoch, the newest two kept.
"""

import importlib
import runpy
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import nn

from glassloop.kit import data

LOOP = Path(__file__).parents[1] / "src" / "glassloop" / "loops" / "production"
TASKS = Path(__file__).parent / "tasks"
EVERY = 20  # steps between readings of the loss


def loaders(task) -> tuple[Any, Any]:
    """The production loop's own kind of loader, for every arm: batch indexing, no collate."""
    batch_size = task.DEFAULTS["batch_size"]
    train_set, val_set = task.make_data()
    return (
        data.make_loader(train_set, batch_size, seed=0, shuffle=True, workers=0),
        data.make_loader(val_set, batch_size, seed=0, shuffle=False, workers=0),
    )


def make_optimizer(task, model) -> torch.optim.Optimizer:
    """One group; the production loop has two (decayed and not), so its step launches two kernels."""
    return torch.optim.AdamW(model.parameters(), lr=task.DEFAULTS["lr"], weight_decay=0.01, fused=True)


def make_schedule(optimizer, total_steps: int) -> Any:
    """Warm-up over a tenth, then a cosine: one closed form, as the libraries' own helpers have it."""
    from math import cos, pi

    warmup = max(total_steps // 10, 1)

    def factor(step: int) -> float:
        return (step + 1) / warmup if step < warmup else 0.5 * (1 + cos(pi * (step - warmup) / (total_steps - warmup)))

    return torch.optim.lr_scheduler.LambdaLR(optimizer, factor)


def evaluate(task, model, loader) -> float:
    """Mean validation loss."""
    model.eval()
    with torch.inference_mode():
        total = sum(task.loss(model, batch)[0].item() for batch in loader)
    model.train()
    return total / len(loader)


# ---- ours and by hand ------------------------------------------------------------------------------------------------


def bare(task, epochs: int, folder: Path) -> None:
    """five lines: nothing else. What every ratio divides by."""
    loader, _ = loaders(task)
    model = task.make_model()
    optimizer = make_optimizer(task, model)
    for epoch in range(epochs):
        data.order_of(loader).set_position(epoch)
        for batch in loader:
            optimizer.zero_grad()
            loss, _ = task.loss(model, batch)
            loss.backward()
            optimizer.step()


def by_hand(task, epochs: int, folder: Path) -> None:
    """five lines and clip, cosine, loss.item() each step: no bar, history, evaluation or checkpoints."""
    loader, _ = loaders(task)
    model = task.make_model()
    optimizer = make_optimizer(task, model)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, epochs * len(loader))
    for epoch in range(epochs):
        data.order_of(loader).set_position(epoch)
        total = 0.0
        for batch in loader:
            optimizer.zero_grad()
            loss, _ = task.loss(model, batch)
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            total += loss.item()


def production(task, epochs: int, folder: Path) -> None:
    """same duties: the shipped train.py, unedited, with its default settings (checkpoints synced to disk and digested)."""
    project = folder / "project"
    project.mkdir()
    for file in (LOOP / "train.py", LOOP / "config.py"):
        shutil.copy(file, project)
    shutil.copy(TASKS / f"{task.NAME}.py", project / "task.py")
    sys.path.insert(0, str(project))
    sys.argv = ["train.py", "--epochs", str(epochs), "--run-dir", str(folder / "run"), "--device", "cpu"]
    runpy.run_path(str(project / "train.py"), run_name="__main__")


# ---- Lightning and Fabric --------------------------------------------------------------------------------------------


def lightning_module(task, total_steps: int, duties: bool) -> Any:
    """The task as a LightningModule; with duties it logs its loss to the bar, and has a schedule."""
    import lightning

    class Module(lightning.LightningModule):
        def __init__(self) -> None:
            super().__init__()
            self.model = task.make_model()

        def training_step(self, batch, _index):
            loss, _ = task.loss(self.model, batch)
            if duties:
                self.log("loss", loss, prog_bar=True)
            return loss

        def validation_step(self, batch, _index):
            self.log("val_loss", task.loss(self.model, batch)[0])

        def configure_optimizers(self):
            optimizer = make_optimizer(task, self)
            if not duties:
                return optimizer
            schedule = {"scheduler": make_schedule(optimizer, total_steps), "interval": "step"}
            return {"optimizer": optimizer, "lr_scheduler": schedule}

    return Module()


def lightning_plain(task, epochs: int, folder: Path) -> None:
    """five lines: logger, checkpoints, bar, model summary and sanity check switched off."""
    import lightning

    loader, _ = loaders(task)
    quiet = {"logger": False, "enable_checkpointing": False, "enable_progress_bar": False, "enable_model_summary": False}
    trainer = lightning.Trainer(
        max_epochs=epochs, accelerator="cpu", devices=1, use_distributed_sampler=False, default_root_dir=folder, **quiet
    )
    trainer.fit(lightning_module(task, epochs * len(loader), duties=False), loader)


def lightning_full(task, epochs: int, folder: Path) -> None:
    """same duties: self.log on the bar, CSV logger every 20 steps, clip, schedule, ModelCheckpoint(save_top_k=2)."""
    import lightning
    from lightning.pytorch.callbacks import ModelCheckpoint, TQDMProgressBar
    from lightning.pytorch.loggers import CSVLogger

    loader, val_loader = loaders(task)
    kept = ModelCheckpoint(dirpath=folder / "checkpoints", monitor="val_loss", save_top_k=2, save_last=True)
    trainer = lightning.Trainer(
        max_epochs=epochs, accelerator="cpu", devices=1, use_distributed_sampler=False, default_root_dir=folder,
        gradient_clip_val=1.0, logger=CSVLogger(folder), log_every_n_steps=EVERY, num_sanity_val_steps=0,
        callbacks=[kept, TQDMProgressBar(refresh_rate=EVERY)],
    )  # fmt: skip
    trainer.fit(lightning_module(task, epochs * len(loader), duties=True), loader, val_loader)


def fabric_plain(task, epochs: int, folder: Path) -> None:
    """five lines: model, optimizer and loader set up by Fabric, fabric.backward."""
    import lightning

    fabric = lightning.Fabric(accelerator="cpu", devices=1)
    loader, _ = loaders(task)
    model = task.make_model()
    model, optimizer = fabric.setup(model, make_optimizer(task, model))
    batches = fabric.setup_dataloaders(loader, use_distributed_sampler=False)
    for epoch in range(epochs):
        data.order_of(loader).set_position(epoch)
        for batch in batches:
            optimizer.zero_grad()
            loss, _ = task.loss(model, batch)
            fabric.backward(loss)
            optimizer.step()


def fabric_full(task, epochs: int, folder: Path) -> None:
    """same duties: fabric.clip_gradients and fabric.save; tqdm, schedule, history by hand, one sync in 20 steps."""
    import lightning
    from tqdm import tqdm

    fabric = lightning.Fabric(accelerator="cpu", devices=1)
    loader, val_loader = loaders(task)
    model = task.make_model()
    model, optimizer = fabric.setup(model, make_optimizer(task, model))
    batches = fabric.setup_dataloaders(loader, use_distributed_sampler=False)
    schedule = make_schedule(optimizer, epochs * len(loader))
    history: list[float] = []
    for epoch in range(epochs):
        data.order_of(loader).set_position(epoch)
        for step, batch in enumerate(bar := tqdm(batches, miniters=EVERY)):
            optimizer.zero_grad()
            loss, _ = task.loss(model, batch)
            fabric.backward(loss)
            fabric.clip_gradients(model, optimizer, max_norm=1.0)
            optimizer.step()
            schedule.step()
            if step % EVERY == 0:
                bar.set_postfix(loss=loss.item(), lr=schedule.get_last_lr()[0], refresh=False)
        history.append(evaluate(task, model, val_loader))
        state = {"model": model, "optimizer": optimizer, "schedule": schedule, "epoch": epoch, "history": history}
        fabric.save(folder / f"epoch-{epoch}.ckpt", state)
        (folder / f"epoch-{epoch - 2}.ckpt").unlink(missing_ok=True)


# ---- Accelerate ------------------------------------------------------------------------------------------------------


def accelerate_plain(task, epochs: int, folder: Path) -> None:
    """five lines: model, optimizer and loader prepared, accelerator.backward."""
    import accelerate

    accelerator = accelerate.Accelerator(cpu=True)
    loader, _ = loaders(task)
    model = task.make_model()
    model, optimizer, batches = accelerator.prepare(model, make_optimizer(task, model), loader)
    for epoch in range(epochs):
        data.order_of(loader).set_position(epoch)
        for batch in batches:
            optimizer.zero_grad()
            loss, _ = task.loss(model, batch)
            accelerator.backward(loss)
            optimizer.step()


def accelerate_full(task, epochs: int, folder: Path) -> None:
    """same duties: accelerator.accumulate, clip_grad_norm_, prepared schedule, save_state; bar and history by hand."""
    import accelerate
    from tqdm import tqdm

    setup = accelerate.utils.ProjectConfiguration(str(folder), automatic_checkpoint_naming=True, total_limit=2)
    accelerator = accelerate.Accelerator(cpu=True, project_config=setup)
    loader, val_loader = loaders(task)
    model = task.make_model()
    optimizer = make_optimizer(task, model)
    schedule = make_schedule(optimizer, epochs * len(loader))
    model, optimizer, batches, schedule = accelerator.prepare(model, optimizer, loader, schedule)
    history: list[float] = []
    for epoch in range(epochs):
        data.order_of(loader).set_position(epoch)
        for step, batch in enumerate(bar := tqdm(batches, miniters=EVERY)):
            with accelerator.accumulate(model):
                optimizer.zero_grad()
                loss, _ = task.loss(model, batch)
                accelerator.backward(loss)
                if accelerator.sync_gradients:
                    accelerator.clip_grad_norm_(model.parameters(), 1.0)
                optimizer.step()
                schedule.step()
            if step % EVERY == 0:
                bar.set_postfix(loss=loss.item(), lr=schedule.get_last_lr()[0], refresh=False)
        history.append(evaluate(task, model, val_loader))
        accelerator.save_state()


# ---- Hugging Face Trainer --------------------------------------------------------------------------------------------


def hf_trainer(task, folder: Path, epochs: int, *, schedule: bool, **settings: Any) -> Any:
    """A Trainer over our loaders, whose batches become dicts, which it expects; `settings` go to TrainingArguments."""
    import transformers

    def as_dict(batch):
        return {"inputs": batch[0], "labels": batch[1]}

    train_loader, val_loader = loaders(task)
    train_loader.collate_fn = val_loader.collate_fn = as_dict

    class Trainer(transformers.Trainer):
        def get_train_dataloader(self):
            return train_loader

        def get_eval_dataloader(self, eval_dataset=None):
            return val_loader

        def compute_loss(self, model, inputs, return_outputs=False, num_items_in_batch=None):
            loss, logits = task.loss(model, (inputs["inputs"], inputs["labels"]))
            return (loss, {"logits": logits}) if return_outputs else loss

    model = task.make_model()
    optimizer = make_optimizer(task, model)
    rate = make_schedule(optimizer, epochs * len(train_loader)) if schedule else None
    if rate is None:  # the Trainer always steps a schedule; a constant one is the least it can do
        rate = torch.optim.lr_scheduler.ConstantLR(optimizer, factor=1.0)
    arguments = transformers.TrainingArguments(
        str(folder), num_train_epochs=epochs, use_cpu=True, report_to=[], seed=0,
        per_device_train_batch_size=task.DEFAULTS["batch_size"], label_names=["labels"],
        remove_unused_columns=False, **settings,
    )  # fmt: skip
    sets = {"train_dataset": train_loader.dataset, "eval_dataset": val_loader.dataset}
    return Trainer(model, arguments, optimizers=(optimizer, rate), **sets)


def hf_plain(task, epochs: int, folder: Path) -> None:
    """five lines: no clipping, logging, bar, evaluation or saving; a constant schedule, which cannot be switched off."""
    quiet = {"logging_strategy": "no", "save_strategy": "no", "eval_strategy": "no", "disable_tqdm": True}
    hf_trainer(task, folder, epochs, schedule=False, max_grad_norm=0.0, **quiet).train()


def hf_full(task, epochs: int, folder: Path) -> None:
    """same duties: clip, schedule, logging_steps=20, tqdm, evaluate and save each epoch, save_total_limit=2."""
    ends = {"eval_strategy": "epoch", "save_strategy": "epoch", "save_total_limit": 2, "prediction_loss_only": True}
    hf_trainer(task, folder, epochs, schedule=True, max_grad_norm=1.0, logging_steps=EVERY, **ends).train()


# ---- Ignite ----------------------------------------------------------------------------------------------------------


def ignite_plain(task, epochs: int, folder: Path) -> None:
    """five lines: inside an Engine's update function, no handlers."""
    from ignite.engine import Engine

    loader, _ = loaders(task)
    model = task.make_model()
    optimizer = make_optimizer(task, model)

    def update(_engine, batch):
        optimizer.zero_grad()
        loss, _ = task.loss(model, batch)
        loss.backward()
        optimizer.step()

    Engine(update).run(loader, max_epochs=epochs)


def ignite_full(task, epochs: int, folder: Path) -> None:
    """same duties: handlers for the schedule, ProgressBar, evaluation and Checkpoint(n_saved=2); clip in the update."""
    from ignite.engine import Engine, Events
    from ignite.handlers import Checkpoint, DiskSaver, ProgressBar

    loader, val_loader = loaders(task)
    model = task.make_model()
    optimizer = make_optimizer(task, model)
    schedule = make_schedule(optimizer, epochs * len(loader))
    history: list[float] = []

    def update(_engine, batch):
        optimizer.zero_grad()
        loss, _ = task.loss(model, batch)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        return loss.detach()

    trainer = Engine(update)
    trainer.add_event_handler(Events.ITERATION_COMPLETED, lambda: schedule.step())
    shown = Events.ITERATION_COMPLETED(every=EVERY)
    ProgressBar().attach(trainer, output_transform=lambda loss: {"loss": loss.item()}, event_name=shown)
    trainer.add_event_handler(Events.EPOCH_COMPLETED, lambda: history.append(evaluate(task, model, val_loader)))
    state = {"model": model, "optimizer": optimizer, "schedule": schedule, "trainer": trainer}
    trainer.add_event_handler(Events.EPOCH_COMPLETED, Checkpoint(state, DiskSaver(str(folder / "kept")), n_saved=2))
    trainer.run(loader, max_epochs=epochs)


class Arm:
    """An arm by its name on the table, and the library it needs."""

    def __init__(self, run: Callable[..., None], package: str = "torch") -> None:
        self.run, self.package = run, package
        self.does = " ".join((run.__doc__ or "").split())

    def missing(self) -> str:
        """Why it cannot run here; empty where it can."""
        try:
            importlib.metadata.version(self.package)
        except importlib.metadata.PackageNotFoundError:
            return f"{self.package} is not installed"
        return ""


ARMS = {
    "bare": Arm(bare),
    "by hand": Arm(by_hand),
    "glassloop": Arm(production, "glassloop"),
    "Lightning": Arm(lightning_plain, "lightning"),
    "Lightning, duties": Arm(lightning_full, "lightning"),
    "Fabric": Arm(fabric_plain, "lightning"),
    "Fabric, duties": Arm(fabric_full, "lightning"),
    "Accelerate": Arm(accelerate_plain, "accelerate"),
    "Accelerate, duties": Arm(accelerate_full, "accelerate"),
    "HF Trainer": Arm(hf_plain, "transformers"),
    "HF Trainer, duties": Arm(hf_full, "transformers"),
    "Ignite": Arm(ignite_plain, "pytorch-ignite"),
    "Ignite, duties": Arm(ignite_full, "pytorch-ignite"),
}
