"""Lightning: a look at a fixed probe at the end of each epoch."""
import pytorch_lightning as pl
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


class Net(pl.LightningModule):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(3, 6), nn.BatchNorm1d(6), nn.ReLU(), nn.Linear(6, 1))
        self.probe = torch.randn(4, 3)

    def training_step(self, batch, batch_idx):
        x, y = batch
        return nn.functional.mse_loss(self.body(x), y)

    def on_train_epoch_end(self):
        self.eval()
        with torch.no_grad():
            print(self.current_epoch, self.body(self.probe).mean().item())
        self.train()

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=0.1)


pl.seed_everything(0, verbose=False)
trainer = pl.Trainer(
    max_epochs=2, accelerator="cpu", logger=False, enable_checkpointing=False,
    enable_progress_bar=False, enable_model_summary=False,
)
data = TensorDataset(torch.randn(8, 3), torch.randn(8, 1))
trainer.fit(Net(), DataLoader(data, batch_size=4, shuffle=True))
