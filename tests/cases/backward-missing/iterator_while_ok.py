"""while True with next() and a step budget; the step function returns a dict of numbers."""
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


def forever(loader):
    while True:
        yield from loader


def update(model, batch, opt):
    x, y = batch
    pred = model(x)
    losses = {"mse": nn.functional.mse_loss(pred, y), "mae": nn.functional.l1_loss(pred, y)}
    total = losses["mse"] + 0.1 * losses["mae"]
    opt.zero_grad()
    logs = {k: v.item() for k, v in losses.items()}
    total.backward()
    opt.step()
    return logs


torch.manual_seed(0)
stream = forever(DataLoader(TensorDataset(torch.randn(8, 2), torch.randn(8, 1)), batch_size=4, shuffle=True))
model = nn.Linear(2, 1)
opt = torch.optim.SGD(model.parameters(), lr=0.1)
budget = 2
while True:
    print(budget, update(model, next(stream), opt))
    budget -= 1
    if budget == 0:
        break
