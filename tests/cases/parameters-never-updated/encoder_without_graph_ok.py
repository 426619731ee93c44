"""An encoder and a decoder; the steps are in a Trainer class."""
import torch
from torch import nn


class Trainer:
    def __init__(self):
        self.encoder, self.decoder = nn.Linear(8, 3), nn.Linear(3, 8)
        params = [*self.encoder.parameters(), *self.decoder.parameters()]
        self.optimizer = torch.optim.AdamW(params, lr=1e-2)

    def step(self, x):
        code = torch.tanh(self.encoder(x))
        loss = nn.functional.mse_loss(self.decoder(code), x)
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        return loss.item()


torch.manual_seed(0)
trainer = Trainer()
for i in range(5):
    print(trainer.step(torch.randn(4, 8)))
