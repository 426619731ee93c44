"""The critic keeps the graph of the picture, which the generator walks at every second batch."""
import torch
from torch import nn
from torch.nn import functional as F

torch.manual_seed(0)
generator, critic = nn.Linear(2, 3), nn.Linear(3, 1)
generator_optimizer = torch.optim.RMSprop(generator.parameters(), lr=1e-3)
critic_optimizer = torch.optim.RMSprop(critic.parameters(), lr=1e-3)
for epoch in range(2):
    for i, real in enumerate(torch.randn(4, 4, 3)):
        fake = generator(torch.randn(4, 2))
        critic_loss = F.softplus(critic(fake)).mean() + F.softplus(-critic(real)).mean()
        critic_optimizer.zero_grad()
        critic_loss.backward(retain_graph=True)
        critic_optimizer.step()
        if (i + 1) % 2 == 0:
            generator_optimizer.zero_grad()
            F.softplus(-critic(fake)).mean().backward()
            generator_optimizer.step()
    print(epoch, critic_loss.item())
