"""An agent with remember, act and learn methods, in the reinforcement-learning manner."""
import random

import torch
from torch import nn


class Agent:
    def __init__(self, gamma=0.95):
        self.gamma, self.memory = gamma, []
        self.model = nn.Sequential(nn.Linear(2, 8), nn.ReLU(), nn.Linear(8, 2))
        self.optimizer = torch.optim.Adam(self.model.parameters(), lr=1e-3)
        self.criterion = nn.MSELoss()

    def remember(self, *transition):
        self.memory.append(transition)

    def act(self, state):
        if random.random() < 0.1:
            return random.randrange(2)
        with torch.no_grad():
            return int(self.model(state).argmax())

    def learn(self, size=2):
        for state, action, reward, nxt in random.sample(self.memory, size):
            with torch.no_grad():
                goal = reward + self.gamma * self.model(nxt).max()
            value = self.model(state)[action]
            loss = self.criterion(value, goal)
            self.optimizer.zero_grad()
            loss.backward()
            self.optimizer.step()
        return loss.item()


random.seed(0)
torch.manual_seed(0)
agent = Agent()
for episode in range(2):
    state = torch.randn(2)
    for t in range(2):
        action = agent.act(state)
        nxt = torch.randn(2)
        agent.remember(state, action, float(nxt.sum() > 0), nxt)
        state = nxt
    print(episode, agent.learn())
