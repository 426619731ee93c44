"""A student learns from a teacher whose answers are softened by a temperature, in a helper."""
import torch
from torch import nn

HEAT = 2.0


def soften(answers):
    return nn.functional.log_softmax(answers / HEAT, dim=0)  # expect: softmax-over-batch


torch.manual_seed(0)
teacher = nn.Sequential(nn.Linear(4, 6), nn.ReLU(), nn.Linear(6, 3)).eval()
student = nn.Linear(4, 3)
optimizer = torch.optim.SGD(student.parameters(), lr=0.1)
for _ in range(2):
    x = torch.randn(10, 4)
    with torch.no_grad():
        wanted = teacher(x)
    given = student(x)
    loss = nn.functional.kl_div(soften(given), wanted.softmax(dim=1), reduction="batchmean")
    loss = loss + nn.functional.cross_entropy(given, wanted.argmax(dim=1))
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
