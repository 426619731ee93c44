"""train_loop and test_loop functions in the quick-start style."""
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


def train_loop(dataloader, model, loss_fn, optimizer):
    size = len(dataloader.dataset)
    model.train()
    for batch, (X, y) in enumerate(dataloader):
        pred = model(X)
        loss = loss_fn(pred, y)

        loss.backward()
        optimizer.step()
        optimizer.zero_grad()

        print(f"loss: {loss.item():>7f}  [{(batch + 1) * len(X):>2d}/{size:>2d}]")


def test_loop(dataloader, model, loss_fn):
    model.eval()
    with torch.no_grad():
        test_loss = sum(loss_fn(model(X), y).item() for X, y in dataloader)
    print(f"Avg loss: {test_loss / len(dataloader):>8f}")


torch.manual_seed(0)
train_dataloader = DataLoader(TensorDataset(torch.randn(8, 4), torch.randint(0, 2, (8,))), batch_size=4, shuffle=True)
test_dataloader = DataLoader(TensorDataset(torch.randn(8, 4), torch.randint(0, 2, (8,))), batch_size=4)
model = nn.Sequential(nn.Linear(4, 8), nn.Dropout(0.1), nn.ReLU(), nn.Linear(8, 2))
loss_fn = nn.CrossEntropyLoss()
optimizer = torch.optim.SGD(model.parameters(), lr=1e-3)
for t in range(2):
    train_loop(train_dataloader, model, loss_fn, optimizer)
    test_loop(test_dataloader, model, loss_fn)
