"""Contrastive pair of encoders, each with an optimizer of its own."""
import torch
import torch.nn.functional as F
from torch import nn

torch.manual_seed(0)
query_enc, key_enc = nn.Linear(5, 4), nn.Linear(5, 4)
query_opt = torch.optim.SGD(query_enc.parameters(), lr=0.03)
key_opt = torch.optim.SGD(key_enc.parameters(), lr=0.03)


def embed(x):
    q = F.normalize(query_enc(x), dim=1)
    k = F.normalize(key_enc(x + 0.05 * torch.randn_like(x)), dim=1)
    return q, k


for epoch in range(2):
    for x in torch.randn(2, 6, 5):
        q, k = embed(x)
        info_nce = F.cross_entropy(q @ k.T / 0.1, torch.arange(6))
        query_opt.zero_grad()
        key_opt.zero_grad()
        info_nce.backward()
        query_opt.step()
        key_opt.step()
    print(epoch, info_nce.item())
