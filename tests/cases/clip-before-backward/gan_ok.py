"""GAN in which only the discriminator's gradients are bounded."""
import torch
from torch import nn
from torch.nn.utils import clip_grad_norm_

torch.manual_seed(0)
critic = nn.Sequential(nn.Linear(2, 8), nn.LeakyReLU(0.2), nn.Linear(8, 1))
maker = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2))
critic_opt = torch.optim.RMSprop(critic.parameters(), lr=5e-5)
maker_opt = torch.optim.RMSprop(maker.parameters(), lr=5e-5)
noise = torch.distributions.Normal(0.0, 1.0)

for epoch in range(2):
    for real in torch.randn(2, 4, 2):
        critic_opt.zero_grad()
        fake = maker(noise.sample((4, 4))).detach()
        critic_loss = critic(fake).mean() - critic(real).mean()
        critic_loss.backward()
        clip_grad_norm_(critic.parameters(), 0.1)
        critic_opt.step()

        maker_opt.zero_grad()
        maker_loss = -critic(maker(noise.sample((4, 4)))).mean()
        maker_loss.backward()
        maker_opt.step()
    print(epoch, critic_loss.item(), maker_loss.item())
