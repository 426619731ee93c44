"""Optimizers in a dict, cleared and stepped by comprehension-free loops over its values."""
import torch
from torch import nn

torch.manual_seed(0)
encoder, decoder = nn.Linear(6, 2), nn.Linear(2, 6)
optimizers = {
    "enc": torch.optim.Adam(encoder.parameters(), lr=1e-2),
    "dec": torch.optim.SGD(decoder.parameters(), lr=1e-1),
}
for epoch in range(2):
    for x in torch.randn(2, 4, 6):
        for opt in optimizers.values():
            opt.zero_grad()
        loss = nn.functional.mse_loss(decoder(encoder(x)), x)
        loss.backward()
        for opt in optimizers.values():
            opt.step()
    print(epoch, loss.item())
