"""The model gives logits while it trains, and probabilities when it is asked for predictions."""
import torch
import torch.nn.functional as F
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(4, 8), nn.Dropout(0.1), nn.ReLU())
        self.head = nn.Linear(8, 3)

    def forward(self, x):
        out = self.head(self.body(x))
        if self.training:
            return out
        return F.softmax(out, dim=1)


torch.manual_seed(0)
model = Net()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
criterion = nn.CrossEntropyLoss()
for epoch in range(2):
    model.train()
    for _ in range(2):
        x, y = torch.randn(4, 4), torch.randint(3, (4,))
        optimizer.zero_grad()
        criterion(model(x), y).backward()
        optimizer.step()
    model.eval()
    with torch.no_grad():
        probabilities = model(torch.randn(4, 4))
        loss = F.nll_loss(probabilities.log(), torch.randint(3, (4,)))
    print(epoch, loss.item())
