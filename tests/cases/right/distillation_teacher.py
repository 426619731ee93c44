"""Distillation: a frozen teacher stays in evaluation mode while the student learns."""
import torch
from torch import nn
import torch.nn.functional as F

torch.manual_seed(0)
teacher = nn.Sequential(nn.Linear(4, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Linear(16, 3))
teacher.eval()
for p in teacher.parameters():
    p.requires_grad_(False)
student = nn.Sequential(nn.Linear(4, 6), nn.Dropout(0.2), nn.Linear(6, 3))
student.train()
optimizer = torch.optim.SGD(student.parameters(), lr=0.1)
batches = [(torch.randn(4, 4), torch.randint(0, 3, (4,))) for _ in range(2)]
T = 2.0

for epoch in range(2):
    for x, y in batches:
        with torch.no_grad():
            target = F.softmax(teacher(x) / T, dim=1)
        logits = student(x)
        soft = F.kl_div(F.log_softmax(logits / T, dim=1), target, reduction="batchmean") * T * T
        loss = 0.5 * soft + 0.5 * F.cross_entropy(logits, y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    print(epoch, loss.item())
