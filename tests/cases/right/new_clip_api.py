"""The norm is taken first and the gradients scaled with it afterwards, in two calls."""
import torch
from torch import nn
from torch.nn.utils import clip_grads_with_norm_, get_total_norm

torch.manual_seed(0)
net = nn.Linear(3, 1)
opt = torch.optim.SGD(net.parameters(), lr=0.1)
for epoch in range(2):
    for x in torch.randn(2, 5, 3):
        opt.zero_grad()
        nn.functional.mse_loss(net(x), x.sum(1, keepdim=True)).backward()
        norm = get_total_norm([p.grad for p in net.parameters()])
        clip_grads_with_norm_(net.parameters(), 1.0, norm)
        opt.step()
    print(epoch, norm.item())
