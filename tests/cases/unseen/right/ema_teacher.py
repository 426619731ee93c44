"""A mean teacher that is never optimized and follows by averaging."""
import copy

import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(0)
student = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 3))
teacher = copy.deepcopy(student)
for p in teacher.parameters():
    p.requires_grad = False
opt = torch.optim.SGD(student.parameters(), lr=0.1, momentum=0.9)


@torch.no_grad()
def follow(decay=0.99):
    for a, b in zip(teacher.parameters(), student.parameters()):
        a.mul_(decay).add_(b, alpha=1 - decay)
    for a, b in zip(teacher.buffers(), student.buffers()):
        a.copy_(b)


for _ in range(2):
    x, u, y = torch.randn(6, 4), torch.randn(6, 4), torch.randint(3, (6,))
    with torch.no_grad():
        goal = teacher(u + 0.1 * torch.randn_like(u)).softmax(1)
    loss = F.cross_entropy(student(x), y) + F.mse_loss(student(u).softmax(1), goal)
    opt.zero_grad()
    loss.backward()
    opt.step()
    follow()
