"""Logging function that reads gradient norms, called once per iteration."""
import torch
from torch import nn

history = []


def log_grads(module):
    norms = {name: p.grad.norm().item() for name, p in module.named_parameters()}
    history.append(norms)
    module.zero_grad()  # expect: zero-grad-between-backward-and-step


torch.manual_seed(0)
ctc = nn.Linear(3, 4)
optimizer = torch.optim.SGD(ctc.parameters(), lr=0.1)
scheduler = torch.optim.lr_scheduler.ConstantLR(optimizer, factor=0.5, total_iters=1)
for epoch in range(2):
    for _ in range(2):
        frames = torch.randn(5, 2, 3)
        log_probs = ctc(frames).log_softmax(-1)
        loss = nn.functional.ctc_loss(
            log_probs, torch.randint(1, 4, (2, 2)), torch.tensor([5, 5]), torch.tensor([2, 2])
        )
        loss.backward()
        log_grads(ctc)
        optimizer.step()
    scheduler.step()
print(history[-1])
