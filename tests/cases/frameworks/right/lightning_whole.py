"""Lightning, automatic: validation twice an epoch, warm-up by step, bf16, clipping, accumulation, batch norm, checkpoints, test."""
import tempfile
import lightning as L
import torch
from lightning.pytorch.callbacks import EarlyStopping, LearningRateMonitor, ModelCheckpoint
from lightning.pytorch.loggers import CSVLogger
from torch import nn
from torch.utils.data import DataLoader, TensorDataset, random_split


class Net(L.LightningModule):
    def __init__(self, lr=0.05):
        super().__init__()
        self.save_hyperparameters()
        self.body = nn.Sequential(nn.Linear(8, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Dropout(0.2), nn.Linear(16, 3))
        self.loss = nn.CrossEntropyLoss()

    def forward(self, x):
        return self.body(x)

    def training_step(self, batch, batch_idx):
        x, y = batch
        loss = self.loss(self(x), y)
        self.log("train_loss", loss, prog_bar=True)
        return loss

    def validation_step(self, batch, batch_idx):
        x, y = batch
        logits = self(x)
        self.log("val_loss", self.loss(logits, y))
        self.log("val_acc", (logits.argmax(1) == y).float().mean())

    def test_step(self, batch, batch_idx):
        self.validation_step(batch, batch_idx)

    def predict_step(self, batch, batch_idx):
        return self(batch[0]).softmax(1)

    def configure_optimizers(self):
        opt = torch.optim.AdamW(self.parameters(), lr=self.hparams.lr)
        sched = torch.optim.lr_scheduler.OneCycleLR(opt, 0.05, total_steps=self.trainer.estimated_stepping_batches)
        return {"optimizer": opt, "lr_scheduler": {"scheduler": sched, "interval": "step"}}


class Data(L.LightningDataModule):
    def setup(self, stage):
        x = torch.randn(300, 8)
        y = x[:, :3].argmax(1)
        self.fit, self.val, self.test = random_split(TensorDataset(x, y), [200, 50, 50])

    def train_dataloader(self):
        return DataLoader(self.fit, batch_size=16, shuffle=True)

    def val_dataloader(self):
        return DataLoader(self.val, batch_size=16)

    def test_dataloader(self):
        return DataLoader(self.test, batch_size=16)

    predict_dataloader = test_dataloader


if __name__ == "__main__":
    L.seed_everything(0)
    with tempfile.TemporaryDirectory() as folder:
        trainer = L.Trainer(
            max_epochs=4, accelerator="cpu", precision="bf16-mixed", gradient_clip_val=1.0, accumulate_grad_batches=3,
            val_check_interval=0.5, default_root_dir=folder, logger=CSVLogger(folder), log_every_n_steps=2,
            callbacks=[ModelCheckpoint(monitor="val_loss"), EarlyStopping("val_loss", patience=20), LearningRateMonitor()],
        )
        data = Data()
        net = Net()
        trainer.fit(net, datamodule=data)
        trainer.test(net, datamodule=data, ckpt_path="best", weights_only=False)
        trainer.predict(net, datamodule=data)
        trainer.fit(net, datamodule=data, ckpt_path=trainer.checkpoint_callback.best_model_path, weights_only=False)
