"""LBFGS calls a closure that clears, walks back and returns the loss."""
import torch
from torch import nn

torch.manual_seed(0)
x = torch.linspace(-1, 1, 20).unsqueeze(1)
y = x ** 3
net = nn.Sequential(nn.Linear(1, 8), nn.Tanh(), nn.Linear(8, 1))
opt = torch.optim.LBFGS(net.parameters(), lr=0.5, max_iter=4, line_search_fn="strong_wolfe")
trace = []


def closure():
    opt.zero_grad()
    loss = nn.functional.mse_loss(net(x), y)
    loss.backward()
    trace.append(loss.item())
    return loss


for _ in range(2):
    opt.step(closure)
print(trace[0], trace[-1])
