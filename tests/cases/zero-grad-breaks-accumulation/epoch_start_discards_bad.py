"""A window that runs on from one epoch into the next (three batches, windows of two)."""
import torch
from torch import nn

torch.manual_seed(0)
window = 2
batches = [(torch.randn(4, 3), torch.randn(4, 1)) for _ in range(3)]
model = nn.Linear(3, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
count = 0

for epoch in range(2):
    optimizer.zero_grad()  # expect: zero-grad-breaks-accumulation
    for x, y in batches:
        loss = nn.functional.mse_loss(model(x), y) / window
        loss.backward()
        count += 1
        if count % window == 0:
            optimizer.step()  # expect: accumulation-tail-dropped
            optimizer.zero_grad()
    print(epoch, count, loss.item())
