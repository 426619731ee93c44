"""Probabilities where they belong: BCELoss after a sigmoid, nll_loss after a log_softmax, one loss of each kind."""
import torch
import torch.nn.functional as F
from torch import nn


class TwoHeads(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Linear(4, 8)
        self.kind = nn.Linear(8, 3)
        self.real = nn.Sequential(nn.Linear(8, 1), nn.Sigmoid())
        self.score = nn.Linear(8, 1)

    def forward(self, x):
        h = torch.relu(self.body(x))
        return self.real(h), F.log_softmax(self.kind(h), dim=1), self.score(h)


torch.manual_seed(0)
model = TwoHeads()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
bce, nll, logits = nn.BCELoss(), nn.NLLLoss(), nn.BCEWithLogitsLoss()
for epoch in range(2):
    for _ in range(2):
        real, kind, score = model(torch.randn(4, 4))
        target = torch.rand(4, 1).round()
        loss = bce(real, target) + nll(kind, torch.randint(3, (4,))) + logits(score, target)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    print(epoch, loss.item())
