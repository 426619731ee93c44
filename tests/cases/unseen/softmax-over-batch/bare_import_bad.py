"""A softmax that is imported by its own name, in a policy's loss."""
import torch
from torch import nn
from torch.nn.functional import log_softmax

torch.manual_seed(0)
policy = nn.Linear(4, 2)
opt = torch.optim.Adam(policy.parameters(), lr=1e-2)
for episode in range(4):
    state, reward = torch.randn(6, 4), torch.randn(6)
    log_probs = log_softmax(policy(state))  # expect: softmax-over-batch
    loss = -(log_probs[:, 0] * reward).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
