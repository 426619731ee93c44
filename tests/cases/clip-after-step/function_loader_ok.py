"""train_one_epoch with a loader; clearing comes first in each iteration."""
import torch
from torch import nn, optim
from torch.utils.data import DataLoader, TensorDataset


def train_one_epoch(model, loader, criterion, optimizer, max_norm):
    for inputs, targets in loader:
        optimizer.zero_grad()
        loss = criterion(model(inputs), targets)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), max_norm=max_norm)
        optimizer.step()
    return loss.item()


def main():
    torch.manual_seed(0)
    loader = DataLoader(TensorDataset(torch.randn(8, 3), torch.randint(0, 2, (8,))), batch_size=4, shuffle=True)
    model = nn.Linear(3, 2)
    optimizer = optim.SGD(model.parameters(), lr=0.5, weight_decay=1e-4)
    criterion = nn.CrossEntropyLoss(label_smoothing=0.1)
    for epoch in range(2):
        print(epoch, train_one_epoch(model, loader, criterion, optimizer, max_norm=0.5))


main()
