"""A class whose forward ends in an activation, trained in functions."""
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.utils.data import DataLoader, TensorDataset


class Logistic(nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(4, 1)

    def forward(self, x):
        out = self.linear(x)
        return torch.sigmoid(out).squeeze(1)


def train_epoch(model, loader, optimizer):
    model.train()
    for x, y in loader:
        optimizer.zero_grad()
        loss = F.binary_cross_entropy_with_logits(model(x), y)  # expect: sigmoid-before-bce-with-logits
        loss.backward()
        optimizer.step()


def main():
    torch.manual_seed(0)
    data = TensorDataset(torch.randn(8, 4), torch.randint(2, (8,)).float())
    loader = DataLoader(data, batch_size=4, shuffle=True)
    model = Logistic()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for _ in range(2):
        train_epoch(model, loader, optimizer)


if __name__ == "__main__":
    main()
