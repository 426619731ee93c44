"""Lightning: loaders made by one function."""
import pytorch_lightning as pl
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


def loaders(n=10):
    fit, val = (TensorDataset(torch.randn(n, 3), torch.randn(n, 1)) for _ in range(2))
    kwargs = {"batch_size": 4}
    train = DataLoader(fit, shuffle=True, drop_last=True, **kwargs)
    return train, DataLoader(val, drop_last=True, **kwargs)  # expect: validation-drops-last


class Net(pl.LightningModule):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(3, 1)

    def training_step(self, batch, batch_idx):
        return nn.functional.mse_loss(self.layer(batch[0]), batch[1])

    def validation_step(self, batch, batch_idx):
        self.log("val", nn.functional.mse_loss(self.layer(batch[0]), batch[1]))

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=0.1)


pl.seed_everything(0, verbose=False)
trainer = pl.Trainer(
    max_epochs=2, accelerator="cpu", logger=False, enable_checkpointing=False,
    enable_progress_bar=False, enable_model_summary=False,
)
trainer.fit(Net(), *loaders())
