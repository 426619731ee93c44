"""Segmentation with two terms, dataclass config."""
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import nn


@dataclass
class Cfg:
    lr: float = 1e-3
    dice: float = 0.5


def dice_loss(p, t):
    inter = (p * t).sum()
    return 1 - (2 * inter + 1) / (p.sum() + t.sum() + 1)


def objective(logits, mask, cfg):
    prob = torch.sigmoid(logits)
    bce = F.binary_cross_entropy_with_logits(prob, mask)  # expect: sigmoid-before-bce-with-logits
    return bce + cfg.dice * dice_loss(prob, mask)


def main(cfg):
    torch.manual_seed(0)
    unet = nn.Sequential(nn.Conv2d(1, 4, 3, padding=1), nn.ReLU(), nn.Conv2d(4, 1, 1))
    opt = torch.optim.Adam(unet.parameters(), lr=cfg.lr)
    for _ in range(2):
        image, mask = torch.randn(2, 1, 8, 8), torch.rand(2, 1, 8, 8).round()
        loss = objective(unet(image), mask, cfg)
        opt.zero_grad()
        loss.backward()
        opt.step()


main(Cfg())
