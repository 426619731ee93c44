"""train and evaluate as functions, called in turn from main."""
import torch
from torch import nn


def train(model, batches, optimizer):
    model.train()
    for x, y in batches:
        optimizer.zero_grad()
        output = model(x)
        loss = nn.functional.mse_loss(output, y)
        loss.backward()
        optimizer.step()


@torch.no_grad()
def evaluate(model, batches):
    model.eval()
    total = 0.0
    for x, y in batches:
        total += nn.functional.mse_loss(model(x), y, reduction="sum").item()
    return total


def main():
    torch.manual_seed(0)
    train_set = [(torch.randn(4, 3), torch.randn(4, 1)) for _ in range(2)]
    valid_set = [(torch.randn(4, 3), torch.randn(4, 1)) for _ in range(2)]
    model = nn.Sequential(nn.Linear(3, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 1))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
    for epoch in range(2):
        train(model, train_set, optimizer)
        print(epoch, evaluate(model, valid_set))


if __name__ == "__main__":
    main()
