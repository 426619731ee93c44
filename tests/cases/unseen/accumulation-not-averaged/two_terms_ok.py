"""A weighted sum of two losses, gathered over an epoch."""
import torch
from torch import nn

torch.manual_seed(0)
encoder, decoder = nn.Linear(6, 3), nn.Linear(3, 6)
parameters = list(encoder.parameters()) + list(decoder.parameters())
optimizer = torch.optim.Adam(parameters, lr=1e-2)
batches = torch.randn(2, 4, 6)
for epoch in range(3):
    optimizer.zero_grad()
    for x in batches:
        code = encoder(x)
        restored = nn.functional.mse_loss(decoder(code), x)
        loss = restored + 0.1 * code.abs().mean()
        loss = loss / len(batches)
        loss.backward()
    optimizer.step()
    print(epoch, loss.item())
