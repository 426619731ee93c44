"""Actor and critic: the policy's probabilities go to a distribution, not to a cross-entropy."""
import torch
from torch import nn
from torch.distributions import Categorical


class ActorCritic(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Linear(4, 8)
        self.pi, self.v = nn.Linear(8, 3), nn.Linear(8, 1)

    def forward(self, s):
        h = torch.relu(self.body(s))
        return torch.softmax(self.pi(h), dim=-1), self.v(h).squeeze(-1)


torch.manual_seed(0)
net = ActorCritic()
opt = torch.optim.Adam(net.parameters(), lr=1e-2)
for episode in range(2):
    log_probs, values, rewards = [], [], []
    state = torch.randn(4)
    for t in range(4):
        probs, value = net(state)
        dist = Categorical(probs)
        action = dist.sample()
        log_probs.append(dist.log_prob(action))
        values.append(value)
        rewards.append(float(action == 1))
        state = torch.randn(4)
    returns = torch.tensor(rewards).flip(0).cumsum(0).flip(0)
    values = torch.stack(values)
    advantage = returns - values.detach()
    loss = -(torch.stack(log_probs) * advantage).mean() + nn.functional.smooth_l1_loss(values, returns)
    opt.zero_grad()
    loss.backward()
    opt.step()
