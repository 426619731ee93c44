"""An encoder and a decoder in a flat script."""
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
loader = DataLoader(TensorDataset(torch.randn(16, 8)), batch_size=4, shuffle=True)
encoder = nn.Sequential(nn.Linear(8, 4), nn.Tanh(), nn.Linear(4, 2))
decoder = nn.Sequential(nn.Linear(2, 4), nn.Tanh(), nn.Linear(4, 8))
optimizer = torch.optim.Adam(decoder.parameters(), lr=1e-3)  # expect: parameters-not-in-optimizer
criterion = nn.MSELoss()
for epoch in range(2):
    for (x,) in loader:
        optimizer.zero_grad()
        loss = criterion(decoder(encoder(x)), x)
        loss.backward()
        optimizer.step()
