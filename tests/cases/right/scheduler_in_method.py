"""The epoch's end is a method, where the schedule moves."""
import torch
from torch import nn


class Engine:
    def __init__(self, model, epochs):
        self.model, self.epochs = model, epochs
        self.optim = torch.optim.SGD(model.parameters(), lr=0.1)
        self.sched = torch.optim.lr_scheduler.CosineAnnealingLR(self.optim, T_max=epochs)

    def on_batch(self, x, y):
        self.optim.zero_grad(set_to_none=True)
        loss = nn.functional.mse_loss(self.model(x), y)
        loss.backward()
        self.optim.step()

    def on_epoch_end(self, epoch):
        self.sched.step()
        print(epoch, self.sched.get_last_lr())

    def run(self, batches):
        for epoch in range(self.epochs):
            for x, y in batches:
                self.on_batch(x, y)
            self.on_epoch_end(epoch)


torch.manual_seed(0)
Engine(nn.Linear(3, 1), epochs=2).run([(torch.randn(4, 3), torch.randn(4, 1)) for _ in range(2)])
