"""configure_optimizers() returns ([optimizers], [schedulers]); the engine walks over both lists."""
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


class Task:
    max_epochs = 2

    def __init__(self):
        self.net = nn.Linear(3, 2)

    def configure_optimizers(self):
        opt = torch.optim.SGD(self.net.parameters(), lr=0.2)
        return [opt], [torch.optim.lr_scheduler.CosineAnnealingLR(opt, T_max=self.max_epochs, eta_min=1e-4)]

    def training_step(self, batch):
        x, y = batch
        return nn.functional.cross_entropy(self.net(x), y)


def engine(task, loader):
    optimizers, schedulers = task.configure_optimizers()
    for epoch in range(task.max_epochs):
        for batch in loader:
            loss = task.training_step(batch)
            for opt in optimizers:
                opt.zero_grad()
            loss.backward()
            for opt in optimizers:
                opt.step()
        for sch in schedulers:
            sch.step()
        print(epoch, loss.item(), schedulers[0].get_last_lr())


torch.manual_seed(0)
engine(Task(), DataLoader(TensorDataset(torch.randn(8, 3), torch.randint(0, 2, (8,))), 4, shuffle=True))
