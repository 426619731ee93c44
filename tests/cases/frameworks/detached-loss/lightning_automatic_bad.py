"""Lightning: the loss of two heads, summed and returned."""
import pytorch_lightning as pl
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


class Net(pl.LightningModule):
    def __init__(self):
        super().__init__()
        self.a, self.b = nn.Linear(3, 1), nn.Linear(3, 1)

    def training_step(self, batch, batch_idx):
        x, y = batch
        losses = [nn.functional.mse_loss(head(x), y) for head in (self.a, self.b)]
        return torch.tensor(losses, requires_grad=True).sum()

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=0.1)


pl.seed_everything(0, verbose=False)
trainer = pl.Trainer(
    max_epochs=2, accelerator="cpu", logger=False, enable_checkpointing=False,
    enable_progress_bar=False, enable_model_summary=False,
)
data = TensorDataset(torch.randn(8, 3), torch.randn(8, 1))
trainer.fit(Net(), DataLoader(data, batch_size=4, shuffle=True))  # expect: detached-loss
