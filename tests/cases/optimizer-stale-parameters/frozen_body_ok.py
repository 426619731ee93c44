"""A function that makes a model with frozen features and a head of its own, and its optimizer."""
import torch
from torch import nn


class Backbone(nn.Module):
    def __init__(self, num_classes=10):
        super().__init__()
        self.features = nn.Sequential(nn.Linear(12, 32), nn.ReLU(), nn.Linear(32, 32), nn.ReLU())
        self.fc = nn.Linear(32, num_classes)

    def forward(self, x):
        return self.fc(self.features(x))


def get_model(n_classes):
    torch.manual_seed(0)
    model = Backbone()
    for p in model.features.parameters():
        p.requires_grad_(False)
    model.fc = nn.Linear(model.fc.in_features, n_classes)
    optimizer = torch.optim.Adam(model.fc.parameters(), lr=1e-3)
    return model, optimizer


model, optimizer = get_model(3)
for epoch in range(2):
    for _ in range(2):
        x, y = torch.randn(8, 12), torch.randint(0, 3, (8,))
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
    print(epoch, loss.item())
