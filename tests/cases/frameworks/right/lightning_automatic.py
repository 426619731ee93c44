"""Lightning with automatic optimization, validation and an epoch-wise schedule."""
import pytorch_lightning as pl
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


class Net(pl.LightningModule):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(3, 6), nn.Dropout(0.1), nn.Linear(6, 1))

    def forward(self, x):
        return self.body(x)

    def training_step(self, batch, batch_idx):
        x, y = batch
        return nn.functional.mse_loss(self(x), y)

    def validation_step(self, batch, batch_idx):
        x, y = batch
        self.log("val", nn.functional.mse_loss(self(x), y))

    def configure_optimizers(self):
        opt = torch.optim.SGD(self.parameters(), lr=0.1)
        return [opt], [torch.optim.lr_scheduler.CosineAnnealingLR(opt, T_max=2)]


pl.seed_everything(0, verbose=False)
make = lambda: TensorDataset(torch.randn(8, 3), torch.randn(8, 1))
trainer = pl.Trainer(
    max_epochs=2, accelerator="cpu", logger=False, enable_checkpointing=False, gradient_clip_val=1.0,
    enable_progress_bar=False, enable_model_summary=False,
)
trainer.fit(Net(), DataLoader(make(), batch_size=4, shuffle=True), DataLoader(make(), batch_size=4))
print(trainer.callback_metrics)
