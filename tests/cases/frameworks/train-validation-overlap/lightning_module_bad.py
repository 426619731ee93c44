"""A LightningModule and two loaders."""
import lightning
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset, random_split


class Module(lightning.LightningModule):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(4, 1)

    def training_step(self, batch, index):
        return nn.functional.mse_loss(self.layer(batch[0]), batch[1])

    def validation_step(self, batch, index):
        self.log("loss", nn.functional.mse_loss(self.layer(batch[0]), batch[1]))

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=0.05)


torch.manual_seed(0)
x = torch.randn(40, 4)
data = TensorDataset(x, x.sum(1, keepdim=True))
train, _ = random_split(data, [30, 10])
_, held_out = random_split(data, [30, 10])
loader = DataLoader(train, batch_size=10, shuffle=True)
validation = DataLoader(held_out, batch_size=5)  # expect: train-validation-overlap
trainer = lightning.Trainer(
    max_epochs=2, accelerator="cpu", logger=False, enable_checkpointing=False, enable_progress_bar=False,
    enable_model_summary=False,
)
trainer.fit(Module(), loader, validation)
