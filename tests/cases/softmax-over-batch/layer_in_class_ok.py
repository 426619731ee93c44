"""A class whose last layer gives log-probabilities."""
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 3)
        self.log_softmax = nn.LogSoftmax(dim=1)

    def forward(self, x):
        return self.log_softmax(self.fc(x))


def train(model, loader, epochs):
    criterion = nn.NLLLoss()
    optimizer = torch.optim.Adam(model.parameters())
    for _ in range(epochs):
        for x, y in loader:
            optimizer.zero_grad()
            criterion(model(x), y).backward()
            optimizer.step()


torch.manual_seed(0)
train(Net(), DataLoader(TensorDataset(torch.randn(8, 4), torch.randint(3, (8,))), batch_size=4, shuffle=True), 2)
