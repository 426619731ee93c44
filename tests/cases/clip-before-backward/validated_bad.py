"""Training and validation functions, the clip configured by a dict."""
import torch
from torch import nn

cfg = {"lr": 0.05, "clip": {"max_norm": 2.0, "norm_type": 2.0}, "epochs": 2}


def train_one_epoch(model, batches, optimizer):
    model.train()
    for x, y in batches:
        optimizer.zero_grad()
        out = model(x)
        nn.utils.clip_grad_norm_(model.parameters(), **cfg["clip"])  # expect: clip-before-backward
        nn.functional.mse_loss(out, y).backward()
        optimizer.step()


@torch.no_grad()
def evaluate(model, batches):
    model.eval()
    return sum(nn.functional.mse_loss(model(x), y).item() for x, y in batches) / len(batches)


torch.manual_seed(0)
model = nn.Sequential(nn.Linear(3, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 1))
optimizer = torch.optim.SGD(model.parameters(), lr=cfg["lr"])
train_set = [(torch.randn(4, 3), torch.randn(4, 1)) for _ in range(2)]
valid_set = [(torch.randn(4, 3), torch.randn(4, 1)) for _ in range(2)]
for epoch in range(cfg["epochs"]):
    train_one_epoch(model, train_set, optimizer)
    print(epoch, evaluate(model, valid_set))
