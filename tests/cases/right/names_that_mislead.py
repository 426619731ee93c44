"""step, backward and zero_grad are also the names of other things here."""
import torch
from torch import nn


class Robot:
    def __init__(self):
        self.position, self.grad = 0.0, 1.0

    def step(self):
        self.position += 1.0

    def backward(self):
        self.position -= 1.0

    def zero_grad(self):
        self.grad = 0.0


torch.manual_seed(0)
robot, optimizer = Robot(), Robot()
net = nn.Linear(1, 1)
sgd = torch.optim.SGD(net.parameters(), lr=0.1)
for epoch in range(2):
    for _ in range(2):
        robot.backward()
        optimizer.zero_grad()
        sgd.zero_grad()
        loss = (net(torch.tensor([[robot.position]])) - 1).pow(2).mean()
        loss.backward()
        optimizer.zero_grad()
        sgd.step()
        optimizer.step()
    print(epoch, loss.item(), optimizer.position)
