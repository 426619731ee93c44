"""Gradients are dropped by assigning None to each parameter's grad."""
import torch

torch.manual_seed(0)
model = torch.nn.Linear(3, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
batches = [(torch.randn(4, 3), torch.randn(4, 1)) for _ in range(2)]

for epoch in range(2):
    for x, y in batches:
        for p in model.parameters():
            p.grad = None
        loss = (model(x) - y).abs().mean()
        loss.backward()
        optimizer.step()
    print(epoch, loss.item())
