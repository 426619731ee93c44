"""A head on a body: evaluation mode keeps the body's statistics while the head is trained."""
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.ReLU())
        self.head = nn.Linear(8, 2)

    def forward(self, x, part="all"):
        if part == "body":
            return self.body(x)
        if part == "head":
            return self.head(x)
        return self.head(self.body(x))


def train(model, loader, optimizer):
    model.eval()
    for x, y in loader:
        with torch.no_grad():
            features = model(x, part="body")
        loss = nn.functional.cross_entropy(model.head(features), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


torch.manual_seed(0)
data = TensorDataset(torch.randn(12, 4), torch.randint(0, 2, (12,)))
loader = DataLoader(data, batch_size=4, shuffle=True)
model = Net()
model.body.requires_grad_(False)
optimizer = torch.optim.SGD(model.head.parameters(), lr=0.1)
for epoch in range(2):
    train(model, loader, optimizer)
