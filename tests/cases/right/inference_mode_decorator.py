"""Validation under a decorator, called in the middle of the epoch, train() right after."""
import torch
from torch import nn


@torch.inference_mode()
def accuracy(model, batches):
    model.eval()
    right = sum((model(x).argmax(1) == y).sum().item() for x, y in batches)
    return right / sum(len(y) for _, y in batches)


torch.manual_seed(0)
model = nn.Sequential(nn.Linear(4, 8), nn.Dropout(0.1), nn.Linear(8, 3))
optimizer = torch.optim.AdamW(model.parameters())
train_set = [(torch.randn(4, 4), torch.randint(0, 3, (4,))) for _ in range(2)]
dev_set = [(torch.randn(4, 4), torch.randint(0, 3, (4,))) for _ in range(2)]
for epoch in range(2):
    model.train()
    for i, (x, y) in enumerate(train_set):
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(x), y).backward()
        optimizer.step()
        if i % 2 == 0:
            print(epoch, i, accuracy(model, dev_set))
            model.train()
