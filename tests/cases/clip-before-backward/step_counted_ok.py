"""Loop counted in steps with get_batch() and clearing at the very end."""
import torch
from torch import nn

torch.manual_seed(0)
grad_clip = 1.0
data = torch.randint(0, 9, (50,))
model = nn.Sequential(nn.Embedding(9, 6), nn.Linear(6, 9))
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
optimizer.zero_grad(set_to_none=True)


def get_batch():
    ix = torch.randint(0, 49, (4,))
    return data[ix], data[ix + 1]


for it in range(2):
    xb, yb = get_batch()
    logits = model(xb)
    loss = nn.functional.cross_entropy(logits, yb)
    loss.backward()
    if grad_clip != 0.0:
        nn.utils.clip_grad_norm_(model.parameters(), grad_clip)
    optimizer.step()
    optimizer.zero_grad(set_to_none=True)
    print(it, loss.item())
