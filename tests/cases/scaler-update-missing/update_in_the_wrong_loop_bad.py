"""The scaler is looked after at the end of training."""
import torch
from torch import nn

torch.manual_seed(0)
model = nn.Linear(2, 1)
optimizer = torch.optim.RMSprop(model.parameters(), lr=1e-3)
scaler = torch.amp.GradScaler("cpu")
for epoch in range(2):
    for x in torch.randn(2, 4, 2):
        with torch.autocast("cpu", dtype=torch.bfloat16):
            loss = nn.functional.mse_loss(model(x), x.prod(1, keepdim=True))
        optimizer.zero_grad(set_to_none=True)
        scaler.scale(loss).backward()
        try:
            scaler.step(optimizer)  # expect: scaler-update-missing
        except RuntimeError as reason:
            print("not stepped:", reason)
print(scaler.get_scale())
