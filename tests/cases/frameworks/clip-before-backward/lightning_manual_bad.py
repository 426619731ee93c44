"""Lightning: the four calls by hand."""
import pytorch_lightning as pl
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


class Manual(pl.LightningModule):
    def __init__(self):
        super().__init__()
        self.automatic_optimization = False
        self.layer = nn.Linear(3, 1)

    def training_step(self, batch, batch_idx):
        x, y = batch
        opt = self.optimizers()
        loss = nn.functional.mse_loss(self.layer(x), y)
        opt.zero_grad()
        self.clip_gradients(opt, 1.0, "norm")  # expect: clip-before-backward
        self.manual_backward(loss)
        opt.step()

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=0.1)


pl.seed_everything(0, verbose=False)
trainer = pl.Trainer(
    max_epochs=2, accelerator="cpu", logger=False, enable_checkpointing=False,
    enable_progress_bar=False, enable_model_summary=False,
)
data = TensorDataset(torch.randn(8, 3), torch.randn(8, 1))
trainer.fit(Manual(), DataLoader(data, batch_size=4, shuffle=True))
print(trainer.global_step)
