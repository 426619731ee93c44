"""Validation of a small autoencoder; the guard covers a part of the function."""
import torch
from torch import nn

torch.manual_seed(0)
encoder = nn.Sequential(nn.Linear(6, 3), nn.Dropout(0.1))
decoder = nn.Linear(3, 6)
model = nn.Sequential(encoder, decoder)
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
train_x, valid_x = torch.randn(2, 4, 6), torch.randn(2, 4, 6)


def validate():
    model.eval()
    errors = []
    with torch.no_grad():
        scale = train_x.std()
        for x in valid_x:
            restored = model(x)
            errors.append((nn.functional.mse_loss(restored, x) / scale).item())
    return sum(errors) / len(errors)


for epoch in range(2):
    model.train()
    for x in train_x:
        optimizer.zero_grad()
        nn.functional.mse_loss(model(x), x).backward()
        optimizer.step()
    print(epoch, validate())
