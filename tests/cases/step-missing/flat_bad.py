"""Flat script: hinge-like regression, one list of tensors."""
import torch

torch.manual_seed(0)
xs = torch.randn(2, 4, 3)
ys = torch.randn(2, 4, 1)
model = torch.nn.Linear(3, 1)
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
loss_fn = torch.nn.SmoothL1Loss()

for epoch in range(2):
    for k in range(2):
        optimizer.zero_grad()
        loss = loss_fn(model(xs[k]), ys[k])
        loss.backward()  # expect: step-missing
        print(f"epoch {epoch} batch {k} loss {loss.item():.4f}")
