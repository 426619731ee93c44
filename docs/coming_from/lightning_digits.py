"""The production loop on digits, handed to Lightning's Trainer: what each line of train.py becomes.

Runs beside the task.py of `glassloop new digits DIR`; its losses are those of `python train.py --epochs 2`, step by step.
"""

import json

import lightning as L
import task
import torch
from glassloop.kit import data, seeding
from glassloop.kit.schedule import make_schedule

EPOCHS, BATCH, LR, SEED = 2, task.DEFAULTS["batch_size"], task.DEFAULTS["lr"], 0


class Digits(L.LightningModule):
    """Model, loss, optimizer and schedule."""

    def __init__(self) -> None:
        super().__init__()
        self.model = task.make_model()
        self.metrics = task.make_metrics()

    def forward(self, *inputs):
        """The model's own forward: task.loss calls what it is given."""
        return self.model(*inputs)

    def training_step(self, batch, _):
        """Forward and loss; the Trainer clears, walks back, clips and steps."""
        loss, _ = task.loss(self, batch)
        self.log("train_loss", loss, on_step=False, on_epoch=True, batch_size=task.count(batch))
        return loss

    def validation_step(self, batch, _):
        """The Trainer has set eval mode, and there is no graph."""
        loss, outputs = task.loss(self, batch)
        task.measure(self.metrics, outputs, batch)
        self.log("val_loss", loss, batch_size=task.count(batch))  # weighted by samples

    def on_validation_epoch_end(self):
        """Metrics over all samples, and empty again for the next epoch."""
        self.log_dict({f"val_{name}": value for name, value in self.metrics.compute().items()})
        self.metrics.reset()

    def configure_optimizers(self):
        """AdamW, and a schedule that counts steps: an interval of "epoch", the default, would stretch it."""
        optimizer = torch.optim.AdamW(self.parameters(), lr=LR, weight_decay=0.01, fused=True)
        total = self.trainer.estimated_stepping_batches
        scheduler = make_schedule(optimizer, "cosine", total_steps=total, warmup_steps=int(0.1 * total)).scheduler
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": scheduler, "interval": "step"}}

    def train_dataloader(self):
        """Made again each epoch: its order is a function of (seed, epoch)."""
        loader = data.make_loader(task.make_data()[0], BATCH, seed=SEED, shuffle=True)
        data.order_of(loader).set_position(self.current_epoch)
        return loader

    def val_dataloader(self):
        """In the order it lies in."""
        return data.make_loader(task.make_data()[1], BATCH, seed=SEED, shuffle=False)


if __name__ == "__main__":
    torch.set_num_threads(1)
    seeding.seed_everything(SEED)
    trainer = L.Trainer(
        max_epochs=EPOCHS,
        gradient_clip_val=1.0,
        accelerator="cpu",
        num_sanity_val_steps=0,
        reload_dataloaders_every_n_epochs=1,
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    )
    trainer.fit(Digits())
    print("final", json.dumps({name: float(value) for name, value in trainer.callback_metrics.items() if "val" in name}))
