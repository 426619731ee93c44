"""Micro-batches in an inner loop, in the style of step-counted language-model scripts."""
import torch
from torch import nn

torch.manual_seed(0)
vocab, block, batch_size, micro_steps = 13, 6, 3, 2
data = torch.randint(0, vocab, (64,))
model = nn.Sequential(nn.Embedding(vocab, 8), nn.Linear(8, vocab))
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)


def get_batch():
    ix = torch.randint(len(data) - block, (batch_size,))
    x = torch.stack([data[i:i + block] for i in ix])
    y = torch.stack([data[i + 1:i + 1 + block] for i in ix])
    return x, y


X, Y = get_batch()
iter_num = 0
while True:
    for micro_step in range(micro_steps):
        logits = model(X)
        loss = nn.functional.cross_entropy(logits.view(-1, vocab), Y.view(-1)) / micro_steps
        X, Y = get_batch()
        loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    optimizer.zero_grad(set_to_none=True)
    print(iter_num, loss.item() * micro_steps)
    iter_num += 1
    if iter_num > 1:
        break
