"""Encoder and decoder; the validation switches one of them."""
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


class Codec:
    def __init__(self):
        self.encoder = nn.Sequential(nn.Linear(6, 4), nn.BatchNorm1d(4))
        self.decoder = nn.Sequential(nn.Linear(4, 6), nn.Dropout(0.1))
        self.opt = torch.optim.AdamW([*self.encoder.parameters(), *self.decoder.parameters()])

    def learn(self, loader):
        self.encoder.train()
        self.decoder.train()
        for (x,) in loader:
            self.opt.zero_grad()
            nn.functional.mse_loss(self.decoder(self.encoder(x)), x).backward()
            self.opt.step()

    @torch.inference_mode()
    def error(self, loader):
        self.encoder.eval()
        total = 0.0
        for (x,) in loader:
            code = self.encoder(x)
            again = self.decoder(code)  # expect: eval-mode-missing
            total += nn.functional.mse_loss(again, x, reduction="sum").item()
        return total


torch.manual_seed(0)
codec = Codec()
for _ in range(2):
    codec.learn(DataLoader(TensorDataset(torch.randn(8, 6)), batch_size=4, shuffle=True))
    print(codec.error(DataLoader(TensorDataset(torch.randn(8, 6)), batch_size=4)))
