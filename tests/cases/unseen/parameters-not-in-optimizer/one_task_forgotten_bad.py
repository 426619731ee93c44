"""Several tasks over one trunk, gradients accumulated over the tasks."""
import torch
from torch import nn

TASKS = {"size": 1, "kind": 3, "place": 2}
torch.manual_seed(0)
trunk = nn.Sequential(nn.Linear(6, 8), nn.ReLU())
heads = nn.ModuleDict({task: nn.Linear(8, width) for task, width in TASKS.items()})
params = list(trunk.parameters())
for task in ("size", "kind"):
    params += heads[task].parameters()
opt = torch.optim.SGD(params, lr=0.05)  # expect: parameters-not-in-optimizer
for step in range(4):
    x = torch.randn(8, 6)
    opt.zero_grad()
    for task, width in TASKS.items():
        loss = heads[task](trunk(x)).pow(2).mean() / len(TASKS)
        loss.backward()
    opt.step()
