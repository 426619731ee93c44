"""The short form: a LightningModule and a Trainer with 16-bit precision."""

import lightning as L
import torch
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
        return torch.optim.AdamW(self.parameters(), lr=1e-2)


trainer = L.Trainer(max_epochs=3, precision="16-mixed", accelerator="auto", log_every_n_steps=1)
classifier = Classifier()
trainer.fit(classifier, train_loader, val_loader)
