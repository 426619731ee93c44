"""Lightning, manual: a GAN with toggled optimizers, gradient penalty, two schedulers."""
import lightning as L
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


class GAN(L.LightningModule):
    def __init__(self):
        super().__init__()
        self.automatic_optimization = False
        self.g = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 2))
        self.d = nn.Sequential(nn.Linear(2, 16), nn.LeakyReLU(0.2), nn.Dropout(0.1), nn.Linear(16, 1))

    def training_step(self, batch, batch_idx):
        (real,) = batch
        opt_g, opt_d = self.optimizers()
        bce = nn.functional.binary_cross_entropy_with_logits
        ones, zeros = torch.ones(len(real), 1), torch.zeros(len(real), 1)
        self.toggle_optimizer(opt_g)
        loss_g = bce(self.d(self.g(torch.randn(len(real), 4))), ones)
        self.manual_backward(loss_g)
        self.clip_gradients(opt_g, gradient_clip_val=1.0, gradient_clip_algorithm="norm")
        opt_g.step()
        opt_g.zero_grad()
        self.untoggle_optimizer(opt_g)
        self.toggle_optimizer(opt_d)
        fake = self.g(torch.randn(len(real), 4)).detach()
        mid = (real + fake).div(2).requires_grad_()
        grad, = torch.autograd.grad(self.d(mid).sum(), mid, create_graph=True)
        loss_d = (bce(self.d(real), ones) + bce(self.d(fake), zeros)) / 2 + 0.1 * (grad.norm(dim=1) - 1).pow(2).mean()
        self.manual_backward(loss_d)
        opt_d.step()
        opt_d.zero_grad()
        self.untoggle_optimizer(opt_d)
        self.log_dict({"g": loss_g, "d": loss_d}, prog_bar=True)

    def on_train_epoch_end(self):
        for sched in self.lr_schedulers():
            sched.step()

    def configure_optimizers(self):
        g = torch.optim.Adam(self.g.parameters(), lr=2e-3, betas=(0.5, 0.99))
        d = torch.optim.Adam(self.d.parameters(), lr=2e-3, betas=(0.5, 0.99))
        return [g, d], [torch.optim.lr_scheduler.StepLR(o, 1, 0.9) for o in (g, d)]


L.seed_everything(0)
trainer = L.Trainer(max_epochs=3, accelerator="cpu", logger=False, enable_checkpointing=False, enable_progress_bar=False)
trainer.fit(GAN(), DataLoader(TensorDataset(torch.randn(64, 2)), batch_size=16, shuffle=True))
