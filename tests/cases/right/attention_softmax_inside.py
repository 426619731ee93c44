"""Attention takes a softmax inside the model, and again for the picture of it; the loss is given the logits."""
import torch
import torch.nn.functional as F
from torch import nn


class Attention(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.q, self.k, self.v = nn.Linear(width, width), nn.Linear(width, width), nn.Linear(width, width)
        self.softmax = nn.Softmax(dim=-1)

    def forward(self, x):
        weights = self.softmax(self.q(x) @ self.k(x).transpose(-2, -1) / x.shape[-1] ** 0.5)
        return weights @ self.v(x), weights


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.attention = Attention(6)
        self.gate = nn.Linear(6, 6)
        self.head = nn.Linear(6, 3)

    def forward(self, x):
        mixed, weights = self.attention(x)
        mixed = mixed * torch.sigmoid(self.gate(x))
        return self.head(mixed.mean(1)), weights


torch.manual_seed(0)
model = Model()
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
for epoch in range(2):
    for _ in range(2):
        x, y = torch.randn(4, 5, 6), torch.randint(3, (4,))
        output, weights = model(x)
        loss = F.cross_entropy(output, y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    print(epoch, loss.item(), weights.amax().item(), F.softmax(output, dim=1).amax().item())
