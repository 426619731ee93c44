"""Three tasks share one model, which is told which head to use; their gradients add up on purpose."""
import torch
from torch import nn
from torch.nn import functional as F


class Heads(nn.Module):
    def __init__(self):
        super().__init__()
        self.trunk = nn.Linear(3, 4)
        self.heads = nn.ModuleList([nn.Linear(4, 1) for _ in range(3)])

    def forward(self, x, task):
        return self.heads[task](torch.relu(self.trunk(x)))


torch.manual_seed(0)
model = Heads()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for epoch in range(2):
    for x in torch.randn(2, 4, 3):
        optimizer.zero_grad()
        for task in range(3):
            loss = F.mse_loss(model(x, task), x[:, task : task + 1])
            loss.backward()
        optimizer.step()
    print(epoch, loss.item())
