"""The short form with what the long one does, too: schedule, clipping, the best model by validation, a history file."""

import lightning as L
import torch
from lightning.pytorch.callbacks import ModelCheckpoint
from lightning.pytorch.loggers import CSVLogger
from torch import nn


class Classifier(L.LightningModule):
    def __init__(self):
        super().__init__()
        self.model = MLP()

    def training_step(self, batch, index):
        inputs, targets = batch
        loss = nn.functional.cross_entropy(self.model(inputs), targets)
        self.log("train_loss", loss)
        return loss

    def validation_step(self, batch, index):
        inputs, targets = batch
        self.log("val_loss", nn.functional.cross_entropy(self.model(inputs), targets))

    def configure_optimizers(self):
        optimizer = torch.optim.AdamW(self.parameters(), lr=1e-2)
        return [optimizer], [torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=3)]


trainer = L.Trainer(
    max_epochs=3,
    precision="16-mixed" if torch.cuda.is_available() else "32-true",
    gradient_clip_val=1.0,
    callbacks=[ModelCheckpoint(monitor="val_loss", save_last=True)],
    logger=CSVLogger("logs"),
    log_every_n_steps=1,
)
classifier = Classifier()
trainer.fit(classifier, train_loader, val_loader)
