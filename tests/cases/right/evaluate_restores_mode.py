"""evaluate() remembers the mode that it found and puts it back."""
import torch
from torch import nn


@torch.no_grad()
def evaluate(model, batches):
    was_training = model.training
    model.eval()
    loss = sum(nn.functional.mse_loss(model(x), y).item() for x, y in batches) / len(batches)
    model.train(was_training)
    return loss


torch.manual_seed(0)
model = nn.Sequential(nn.Linear(3, 8), nn.Dropout(0.3), nn.Linear(8, 1))
optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
train_set = [(torch.randn(4, 3), torch.randn(4, 1)) for _ in range(2)]
valid_set = [(torch.randn(4, 3), torch.randn(4, 1)) for _ in range(2)]
model.train()
for epoch in range(2):
    for x, y in train_set:
        optimizer.zero_grad()
        nn.functional.mse_loss(model(x), y).backward()
        optimizer.step()
    print(epoch, evaluate(model, valid_set))
