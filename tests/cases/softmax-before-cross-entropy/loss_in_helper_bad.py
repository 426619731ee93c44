"""The loss is a function of its own; the model's forward branches on a mode flag."""
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(0)


class Net(nn.Module):
    def __init__(self, probabilities=False):
        super().__init__()
        self.body = nn.Linear(4, 8)
        self.head = nn.Linear(8, 3)
        self.probabilities = probabilities

    def forward(self, x):
        out = self.head(torch.relu(self.body(x)))
        if self.probabilities:
            return F.softmax(out, dim=-1)
        return out


def loss_of(model, x, y):
    scores = model(x)
    return F.cross_entropy(scores, y)  # expect: softmax-before-cross-entropy


model = Net(probabilities=True)
optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
for step in range(4):
    x, y = torch.randn(4, 4), torch.randint(3, (4,))
    optimizer.zero_grad()
    loss = loss_of(model, x, y)
    loss.backward()
    optimizer.step()
