"""A class that gives log-probabilities, after the old examples."""
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import DataLoader, TensorDataset


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 3)

    def forward(self, x):
        x = self.fc(x.view(-1, 4))
        return F.log_softmax(x, dim=1)


torch.manual_seed(0)
loader = DataLoader(TensorDataset(torch.randn(8, 2, 2), torch.randint(3, (8,))), batch_size=4, shuffle=True)
model = Net()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for epoch in range(2):
    for x, y in loader:
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), y)  # expect: softmax-before-cross-entropy
        loss.backward()
        optimizer.step()
    print(epoch, loss.item())
