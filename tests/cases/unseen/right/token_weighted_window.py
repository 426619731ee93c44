"""A language model whose window is normalised by its tokens."""
import torch
import torch.nn.functional as F
from torch import nn

PAD = 0
torch.manual_seed(0)
lm = nn.Sequential(nn.Embedding(13, 8), nn.Linear(8, 13))
opt = torch.optim.AdamW(lm.parameters(), lr=1e-3)


def windows(count, k):
    for _ in range(count):
        yield [torch.randint(0, 13, (2, 7)) for _ in range(k)]


for window in windows(2, 3):
    tokens = sum((w[:, 1:] != PAD).sum() for w in window)
    opt.zero_grad()
    for ids in window:
        logits = lm(ids[:, :-1])
        loss = F.cross_entropy(logits.flatten(0, 1), ids[:, 1:].flatten(), ignore_index=PAD, reduction="sum")
        (loss / tokens).backward()
    nn.utils.clip_grad_norm_(lm.parameters(), 1.0)
    opt.step()
