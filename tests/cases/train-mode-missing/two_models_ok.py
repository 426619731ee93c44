"""Encoder and decoder are separate modules; each is switched by its own line."""
import torch
from torch import nn

torch.manual_seed(0)
encoder = nn.Sequential(nn.Linear(6, 4), nn.BatchNorm1d(4), nn.ReLU())
decoder = nn.Sequential(nn.Linear(4, 6), nn.Dropout(0.1))
opt = torch.optim.Adam([*encoder.parameters(), *decoder.parameters()], lr=1e-2)
train_x, test_x = torch.randn(2, 5, 6), torch.randn(2, 5, 6)

for epoch in range(2):
    encoder.train()
    decoder.train()
    for x in train_x:
        code = encoder(x)
        back = decoder(code)
        loss = nn.functional.mse_loss(back, x)
        opt.zero_grad()
        loss.backward()
        opt.step()
    encoder.eval()
    decoder.eval()
    with torch.no_grad():
        errors = [nn.functional.mse_loss(decoder(encoder(x)), x).item() for x in test_x]
    print(epoch, sum(errors) / 2)
