"""Step-counted language model with a flag for the last micro step."""
import torch
from torch import nn

torch.manual_seed(0)
vocab, micro, max_iters = 11, 2, 2
corpus = torch.randint(0, vocab, (80,))
gpt = nn.Sequential(nn.Embedding(vocab, 8), nn.LayerNorm(8), nn.Linear(8, vocab))
optimizer = torch.optim.AdamW(gpt.parameters(), lr=3e-3, betas=(0.9, 0.95))


def get_batch(block=5, size=2):
    at = torch.randint(len(corpus) - block - 1, (size,))
    x = torch.stack([corpus[i:i + block] for i in at])
    y = torch.stack([corpus[i + 1:i + block + 1] for i in at])
    return x, y


for it in range(max_iters):
    for micro_step in range(micro):
        last = micro_step == micro - 1
        x, y = get_batch()
        loss = nn.functional.cross_entropy(gpt(x).flatten(0, 1), y.flatten())
        loss = loss / micro
        optimizer.zero_grad(set_to_none=True)  # expect: zero-grad-breaks-accumulation
        loss.backward()
        if last:
            nn.utils.clip_grad_norm_(gpt.parameters(), 1.0)
            optimizer.step()
    print(it, loss.item() * micro)
