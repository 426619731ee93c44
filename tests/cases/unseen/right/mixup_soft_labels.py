"""Cross-entropy with soft targets made by a teacher's softmax."""
import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(0)
teacher = nn.Sequential(nn.Linear(4, 8), nn.Dropout(0.1), nn.Linear(8, 3)).eval().requires_grad_(False)
student = nn.Sequential(nn.Linear(4, 8), nn.Dropout(0.1), nn.Linear(8, 3))
opt = torch.optim.SGD(student.parameters(), lr=0.1)
for _ in range(2):
    x = torch.randn(6, 4)
    lam = torch.rand(1).item()
    mixed = lam * x + (1 - lam) * x.flip(0)
    targets = F.softmax(teacher(mixed) / 2.0, dim=1)
    loss = F.cross_entropy(student(mixed), targets)
    opt.zero_grad()
    loss.backward()
    opt.step()
