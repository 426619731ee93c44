"""Contrastive learning of pairs with a learned temperature, in functions."""
import torch
from torch import nn
from torch.nn import functional as F


def loss_of(left, right, scale):
    logits = F.normalize(left, dim=1) @ F.normalize(right, dim=1).T * scale.exp()
    return F.cross_entropy(logits, torch.arange(len(left)))


def main():
    torch.manual_seed(0)
    towers = nn.ModuleDict({"image": nn.Linear(6, 4), "text": nn.Linear(5, 4)})
    scale = nn.Parameter(torch.zeros(()))
    opt = torch.optim.AdamW([*towers.parameters(), scale], lr=1e-3)
    for _ in range(5):
        loss = loss_of(towers["image"](torch.randn(4, 6)), towers["text"](torch.randn(4, 5)), scale)
        opt.zero_grad()
        loss.backward()
        opt.step()


main()
