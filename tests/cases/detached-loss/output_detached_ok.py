"""An auto-encoder whose reconstruction is brought to the host before the loss."""
import torch
from torch import nn


class AutoEncoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Linear(6, 2)
        self.decoder = nn.Linear(2, 6)

    def forward(self, x):
        return self.decoder(torch.tanh(self.encoder(x)))


torch.manual_seed(0)
model = AutoEncoder()
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
for epoch in range(2):
    for x in torch.randn(2, 4, 6):
        optimizer.zero_grad(set_to_none=True)
        restored = model(x).cpu()
        loss = nn.functional.mse_loss(restored, x)
        loss.backward()
        optimizer.step()
    print(epoch, loss.item())
