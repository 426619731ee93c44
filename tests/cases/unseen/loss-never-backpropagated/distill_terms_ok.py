"""Distillation from a frozen teacher, with functions."""
import torch
import torch.nn.functional as F
from torch import nn

T = 2.0


def soft_targets(student, teacher):
    return F.kl_div(F.log_softmax(student / T, dim=1), F.softmax(teacher / T, dim=1), reduction="batchmean") * T * T


def distill(student, teacher, batches, opt):
    teacher.eval()
    for x, y in batches:
        with torch.no_grad():
            t = teacher(x)
        s = student(x)
        hard = F.cross_entropy(s, y)
        soft = soft_targets(s, t)
        total = 0.5 * hard + 0.5 * soft
        opt.zero_grad()
        total.backward()
        opt.step()
        print("hard", hard.item(), "soft", soft.item())


torch.manual_seed(0)
student, teacher = nn.Linear(6, 3), nn.Linear(6, 3).requires_grad_(False)
batches = [(torch.randn(5, 6), torch.randint(3, (5,))) for _ in range(2)]
distill(student, teacher, batches, torch.optim.SGD(student.parameters(), lr=0.1))
