"""Forward, backward and update in functions of their own."""
import torch
from torch import nn

torch.manual_seed(0)
grad_scaler = torch.amp.GradScaler("cpu", init_scale=1024.0)
layer = nn.Linear(2, 2)
sgd = torch.optim.SGD(layer.parameters(), lr=0.1)


def forward(batch):
    with torch.autocast("cpu", dtype=torch.bfloat16):
        return (layer(batch) - batch).square().mean()


def backward(value):
    sgd.zero_grad()
    scaled = grad_scaler.scale(value)
    scaled.backward()
    return scaled


def update():
    grad_scaler.step(sgd)
    grad_scaler.update()


for epoch in range(2):
    for batch in torch.randn(2, 4, 2):
        backward(forward(batch))
        update()
    print(epoch, grad_scaler.get_scale())
