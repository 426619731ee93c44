"""Distillation and mixed labels: probabilities are the targets of cross entropy, never its predictions."""
import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(0)
teacher, student = nn.Linear(4, 3).requires_grad_(False).eval(), nn.Linear(4, 3)
optimizer = torch.optim.SGD(student.parameters(), lr=0.1)
temperature = 2.0
for epoch in range(2):
    for _ in range(2):
        x, y = torch.randn(4, 4), torch.randint(3, (4,))
        with torch.no_grad():
            soft = F.softmax(teacher(x) / temperature, dim=1)
        logits = student(x)
        hard_loss = F.cross_entropy(logits, y)
        soft_loss = F.cross_entropy(logits / temperature, soft)
        kl = F.kl_div(F.log_softmax(logits / temperature, dim=1), soft, reduction="batchmean")
        loss = hard_loss + 0.5 * soft_loss + 0.5 * kl
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    print(epoch, loss.item())
