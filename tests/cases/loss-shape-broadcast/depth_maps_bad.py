"""Maps of depth: one channel, and targets without a channel."""
import torch
import torch.nn as nn

torch.manual_seed(0)
model = nn.Conv2d(3, 1, 3, padding=1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)


def step(image, depth):
    out = model(image)
    loss = nn.functional.huber_loss(out, depth, delta=0.5)  # expect: loss-shape-broadcast
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.detach()


losses = [step(torch.randn(4, 3, 6, 6), torch.rand(4, 6, 6)) for _ in range(4)]
print(torch.stack(losses).mean().item())
