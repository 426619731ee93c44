"""Micro-batches in an inner loop, drawn afresh."""
import torch
from torch import nn
from torch.nn import functional as F

torch.manual_seed(0)
data = torch.randint(0, 11, (200,))
model = nn.Sequential(nn.Embedding(11, 8), nn.Linear(8, 11))
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
micro_steps = 2


def get_batch():
    start = torch.randint(0, 190, (4,))
    window = torch.stack([data[i:i + 6] for i in start])
    return window[:, :-1], window[:, 1:]


for iteration in range(2):
    for micro_step in range(micro_steps):
        x, y = get_batch()
        logits = model(x)
        loss = F.cross_entropy(logits.reshape(-1, 11), y.reshape(-1))
        loss = loss / micro_steps
        loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    optimizer.zero_grad()
    print(iteration, loss.item())
