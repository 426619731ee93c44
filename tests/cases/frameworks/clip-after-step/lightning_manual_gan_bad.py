"""Lightning, manual optimization with two optimizers."""
import pytorch_lightning as pl
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


class Gan(pl.LightningModule):
    def __init__(self):
        super().__init__()
        self.automatic_optimization = False
        self.g, self.d = nn.Linear(2, 2), nn.Linear(2, 1)

    def training_step(self, batch, batch_idx):
        (real,) = batch
        g_opt, d_opt = self.optimizers()
        bce = nn.functional.binary_cross_entropy_with_logits
        fake = self.g(torch.randn_like(real))
        pr, pf = self.d(real), self.d(fake.detach())
        d_opt.zero_grad()
        self.manual_backward(bce(pr, torch.ones_like(pr)) + bce(pf, torch.zeros_like(pf)))
        d_opt.step()
        nn.utils.clip_grad_norm_(self.d.parameters(), 0.1)  # expect: clip-after-step
        verdict = self.d(fake)
        g_opt.zero_grad()
        self.manual_backward(bce(verdict, torch.ones_like(verdict)))
        g_opt.step()

    def configure_optimizers(self):
        return torch.optim.Adam(self.g.parameters(), 1e-3), torch.optim.Adam(self.d.parameters(), 1e-3)


pl.seed_everything(0, verbose=False)
trainer = pl.Trainer(
    max_epochs=2, accelerator="cpu", logger=False, enable_checkpointing=False,
    enable_progress_bar=False, enable_model_summary=False,
)
trainer.fit(Gan(), DataLoader(TensorDataset(torch.randn(8, 2)), batch_size=4, shuffle=True))
print(trainer.current_epoch)
