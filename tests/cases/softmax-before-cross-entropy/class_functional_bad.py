"""A model class whose forward ends in a call of F, trained in a function."""
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import DataLoader, TensorDataset


class Net(nn.Module):
    def __init__(self, hidden=16):
        super().__init__()
        self.fc1 = nn.Linear(4, hidden)
        self.drop = nn.Dropout(0.2)
        self.fc2 = nn.Linear(hidden, 3)

    def forward(self, x):
        x = F.relu(self.fc1(x))
        x = self.drop(x)
        x = self.fc2(x)
        return F.softmax(x, dim=1)


def train(model, loader, optimizer, criterion):
    model.train()
    for x, y in loader:
        optimizer.zero_grad()
        out = model(x)
        loss = criterion(out, y)  # expect: softmax-before-cross-entropy
        loss.backward()
        optimizer.step()


def main():
    torch.manual_seed(0)
    data = TensorDataset(torch.randn(8, 4), torch.randint(3, (8,)))
    loader = DataLoader(data, batch_size=4, shuffle=True)
    model = Net()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for _ in range(2):
        train(model, loader, optimizer, nn.CrossEntropyLoss())


if __name__ == "__main__":
    main()
