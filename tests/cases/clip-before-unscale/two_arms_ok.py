"""if scaler: ... else: ..., the clip shared by both arms or repeated in each."""
import torch
from torch import nn


def update(loss, model, optimizer, scaler=None, clip=1.0):
    optimizer.zero_grad()
    if scaler:
        scaler.scale(loss).backward()
        scaler.unscale_(optimizer)
        nn.utils.clip_grad_norm_(model.parameters(), clip)
        scaler.step(optimizer)
        scaler.update()
    else:
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), clip)
        optimizer.step()


torch.manual_seed(0)
model = nn.Linear(3, 2)
optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
scaler = torch.amp.GradScaler("cpu", enabled=True)
for epoch in range(2):
    for x in torch.randn(2, 4, 3):
        with torch.autocast("cpu", dtype=torch.bfloat16):
            loss = nn.functional.cross_entropy(model(x), x.argmax(1).clamp(max=1))
        update(loss, model, optimizer, scaler)
    print(epoch, loss.item())
