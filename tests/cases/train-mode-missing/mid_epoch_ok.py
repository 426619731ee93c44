"""Evaluation every few batches in the middle of an epoch, as language-model scripts do."""
import torch
from torch import nn

torch.manual_seed(0)
model = nn.Sequential(nn.Embedding(9, 6), nn.Dropout(0.3), nn.Linear(6, 9))
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
stream = torch.randint(0, 9, (60,))
eval_interval = 1


def get_batch():
    ix = torch.randint(0, 59, (4,))
    return stream[ix], stream[ix + 1]


@torch.no_grad()
def estimate_loss(eval_iters=2):
    model.eval()
    losses = torch.zeros(eval_iters)
    for k in range(eval_iters):
        X, Y = get_batch()
        losses[k] = nn.functional.cross_entropy(model(X), Y)
    model.train()
    return losses.mean()


for it in range(2):
    if it % eval_interval == 0:
        print(it, estimate_loss().item())
    xb, yb = get_batch()
    logits = model(xb)
    loss = nn.functional.cross_entropy(logits, yb)
    optimizer.zero_grad(set_to_none=True)
    loss.backward()
    optimizer.step()
