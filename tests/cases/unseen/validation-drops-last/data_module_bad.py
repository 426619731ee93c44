"""A data module class gives the loaders."""
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


class Data:
    def __init__(self, batch_size=4):
        self.batch_size = batch_size
        self.train = TensorDataset(torch.randn(8, 2), torch.randn(8, 1))
        self.valid = TensorDataset(torch.randn(7, 2), torch.randn(7, 1))

    def train_loader(self):
        return DataLoader(self.train, self.batch_size, shuffle=True, drop_last=True)

    def valid_loader(self):
        return DataLoader(self.valid, self.batch_size, shuffle=False, drop_last=True)  # expect: validation-drops-last


@torch.no_grad()
def evaluate(model, loader):
    model.eval()
    total, n = 0.0, 0
    for x, y in loader:
        total += nn.functional.mse_loss(model(x), y, reduction="sum").item()
        n += len(x)
    model.train()
    return total / n


def main():
    torch.manual_seed(0)
    data, model = Data(), nn.Linear(2, 1)
    opt = torch.optim.SGD(model.parameters(), lr=0.1)
    train_loader, valid_loader = data.train_loader(), data.valid_loader()
    for epoch in range(2):
        for x, y in train_loader:
            loss = nn.functional.mse_loss(model(x), y)
            opt.zero_grad()
            loss.backward()
            opt.step()
        print(epoch, evaluate(model, valid_loader))


main()
