"""Deep Q-learning from a replay buffer; optimize_model is called once a transition."""
import collections
import random

import torch
from torch import nn

random.seed(0)
torch.manual_seed(0)
Transition = collections.namedtuple("Transition", "s a r s2")
memory = collections.deque(maxlen=50)
policy_net, target_net = nn.Linear(3, 2), nn.Linear(3, 2)
target_net.load_state_dict(policy_net.state_dict())
optimizer = torch.optim.AdamW(policy_net.parameters(), lr=1e-3, amsgrad=True)


def optimize_model(size=4, gamma=0.9):
    if len(memory) < size:
        return None
    batch = Transition(*map(torch.stack, zip(*random.sample(memory, size))))
    q = policy_net(batch.s).gather(1, batch.a)
    with torch.no_grad():
        goal = batch.r + gamma * target_net(batch.s2).max(1, keepdim=True).values
    loss = nn.functional.smooth_l1_loss(q, goal)
    optimizer.zero_grad()
    loss.backward()
    nn.utils.clip_grad_value_(policy_net.parameters(), 100)
    optimizer.step()
    return loss.item()


for _ in range(4):
    memory.append(Transition(torch.randn(3), torch.randint(0, 2, (1,)), torch.rand(1), torch.randn(3)))
for episode in range(2):
    for t in range(2):
        memory.append(Transition(torch.randn(3), torch.randint(0, 2, (1,)), torch.rand(1), torch.randn(3)))
        print(episode, t, optimize_model())
