"""Softmax regression on two bare tensors that the optimizer was given; their gradients are dropped by hand, or not at all."""
import torch
import torch.nn.functional as F
from sklearn.datasets import load_iris

torch.manual_seed(0)
X, y = map(torch.tensor, load_iris(return_X_y=True))
W = torch.zeros(4, 3, requires_grad=True)
b = torch.zeros(3, requires_grad=True)
opt = torch.optim.SGD([W, b], lr=0.05)

for epoch in range(2):
    loss = F.cross_entropy(X.float() @ W + b, y)
    loss.backward()
    opt.step()
    W.grad = b.grad = None
print(loss.item())
