"""A loss that asks which torch it runs on."""
import torch
import torch.nn.functional as F
from torch import nn


def loss_of(scores, target):
    if torch.__version__ < "0.3":
        log_p = F.log_softmax(scores)
    else:
        log_p = F.log_softmax(scores, dim=1)
    return F.nll_loss(log_p, target)


torch.manual_seed(0)
model = nn.Linear(3, 4)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for _ in range(2):
    x, y = torch.randn(5, 3), torch.randint(0, 4, (5,))
    optimizer.zero_grad()
    loss_of(model(x), y).backward()
    optimizer.step()
