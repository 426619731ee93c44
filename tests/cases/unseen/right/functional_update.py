"""torch.func: gradients of a pure function, parameters replaced in a dict, no optimizer."""
import torch
from torch import nn
from torch.func import functional_call, grad

torch.manual_seed(0)
module = nn.Linear(2, 1)
params = {k: v.detach() for k, v in module.named_parameters()}


def loss_of(p, x, y):
    return nn.functional.mse_loss(functional_call(module, p, (x,)), y)


for epoch in range(2):
    for x in torch.randn(2, 4, 2):
        y = x.sum(1, keepdim=True)
        grads = grad(loss_of)(params, x, y)
        params = {k: v - 0.1 * grads[k] for k, v in params.items()}
    print(epoch, loss_of(params, x, y).item())
