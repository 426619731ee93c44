"""Wild batches that a clip tames, one that the loss gets over, and a head that starts at zero and grows."""

import torch
from torch import nn

torch.manual_seed(0)
body, head = nn.Sequential(nn.Linear(5, 16), nn.ReLU()), nn.Linear(16, 3)
nn.init.zeros_(head.weight)
nn.init.zeros_(head.bias)
params = [*body.parameters(), *head.parameters()]
optimizer = torch.optim.AdamW(params, lr=1e-2)
for step in range(60):
    x = torch.randn(16, 5) * (500 if step in (20, 40) else 1)
    loss = nn.functional.cross_entropy(head(body(x)), x[:, :3].argmax(1))
    optimizer.zero_grad()
    loss.backward()
    if step != 40:
        nn.utils.clip_grad_norm_(params, 1.0)
    optimizer.step()
