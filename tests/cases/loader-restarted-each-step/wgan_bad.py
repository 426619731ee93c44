"""A critic with several steps to one of the generator, batches asked for where they are needed."""
import torch
from torch import nn, optim
from torch.utils.data import DataLoader, TensorDataset

torch.manual_seed(0)
real = DataLoader(TensorDataset(torch.randn(24, 2)), batch_size=4, shuffle=True)
made, critic = nn.Linear(3, 2), nn.Linear(2, 1)
opt_made, opt_critic = optim.RMSprop(made.parameters()), optim.RMSprop(critic.parameters())
ahead = iter(real)
for step in range(2):
    for _ in range(2):
        (x,) = next(iter(real))  # expect: loader-restarted-each-step
        opt_critic.zero_grad()
        fake = made(torch.randn(4, 3)).detach()
        (critic(fake).mean() - critic(x).mean()).backward()
        opt_critic.step()
    opt_made.zero_grad()
    (-critic(made(torch.randn(4, 3))).mean()).backward()
    opt_made.step()
