"""Training, validation and test splits in one dict of lists, walked in the same way."""
import torch
from torch import nn

torch.manual_seed(0)
splits = {name: [(torch.randn(4, 2), torch.randn(4, 1)) for _ in range(2)] for name in ("train", "valid", "test")}
model = nn.Sequential(nn.Linear(2, 6), nn.BatchNorm1d(6), nn.Linear(6, 1))
opt = torch.optim.SGD(model.parameters(), lr=0.05)
huber = nn.HuberLoss()


def mean_loss(name):
    losses = [huber(model(x), y).item() for x, y in splits[name]]  # expect: no-grad-missing
    return sum(losses) / len(losses)


for epoch in range(2):
    model.train()
    for x, y in splits["train"]:
        opt.zero_grad()
        huber(model(x), y).backward()
        opt.step()
    model.eval()
    valid = mean_loss("valid")
    print(epoch, valid)

model.eval()
with torch.no_grad():
    print("test", mean_loss("test"))
