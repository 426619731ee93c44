"""A GAN whose generator has batch-norm and makes the discriminator's fakes without a graph, in training mode."""
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
loader = DataLoader(TensorDataset(torch.randn(8, 4)), batch_size=4, shuffle=True)
generator = nn.Sequential(nn.Linear(2, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 4))
critic = nn.Sequential(nn.Linear(4, 8), nn.LeakyReLU(0.2), nn.Dropout(0.3), nn.Linear(8, 1))
g_opt = torch.optim.Adam(generator.parameters(), lr=2e-4)
d_opt = torch.optim.Adam(critic.parameters(), lr=2e-4)
bce = nn.BCEWithLogitsLoss()
for epoch in range(2):
    for (real,) in loader:
        with torch.no_grad():
            fake = generator(torch.randn(4, 2))
        d_opt.zero_grad()
        (bce(critic(real), torch.ones(4, 1)) + bce(critic(fake), torch.zeros(4, 1))).backward()
        d_opt.step()
        g_opt.zero_grad()
        bce(critic(generator(torch.randn(4, 2))), torch.ones(4, 1)).backward()
        g_opt.step()
