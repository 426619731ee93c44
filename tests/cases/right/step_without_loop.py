"""update(batch) has no loop of its own; the caller brings the batches."""
import torch
from torch import nn


class Agent:
    def __init__(self):
        self.q = nn.Sequential(nn.Linear(3, 8), nn.ReLU(), nn.Linear(8, 2))
        self.optimizer = torch.optim.Adam(self.q.parameters(), lr=1e-3)

    def act(self, state):
        with torch.no_grad():
            return self.q(state).argmax(dim=-1)

    def update(self, state, action, reward):
        value = self.q(state).gather(1, action[:, None]).squeeze(1)
        loss = nn.functional.smooth_l1_loss(value, reward)
        self.optimizer.zero_grad()
        loss.backward()
        for param in self.q.parameters():
            param.grad.data.clamp_(-1, 1)
        self.optimizer.step()
        return loss.item()


torch.manual_seed(0)
agent = Agent()
for episode in range(2):
    for t in range(2):
        state = torch.randn(5, 3)
        action = agent.act(state)
        print(episode, t, agent.update(state, action, torch.rand(5)))
