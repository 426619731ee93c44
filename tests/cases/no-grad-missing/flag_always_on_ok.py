"""One run_epoch for both phases with optimizer=None for validation."""
import torch
from torch import nn


def run_epoch(model, batches, optimizer=None):
    training = optimizer is not None
    model.train(training)
    total = 0.0
    with torch.set_grad_enabled(training):
        for x, y in batches:
            logits = model(x)
            loss = nn.functional.cross_entropy(logits, y)
            if training:
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
            total += loss.item()
    return total / len(batches)


torch.manual_seed(0)
model = nn.Sequential(nn.Linear(4, 8), nn.Dropout(0.5), nn.Linear(8, 2))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
train_set = [(torch.randn(4, 4), torch.randint(0, 2, (4,))) for _ in range(2)]
valid_set = [(torch.randn(4, 4), torch.randint(0, 2, (4,))) for _ in range(2)]
for epoch in range(2):
    print(epoch, run_epoch(model, train_set, optimizer), run_epoch(model, valid_set))
