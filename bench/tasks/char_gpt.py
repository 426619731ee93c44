"""A four-layer transformer over characters: a step whose cost is arithmetic, so a loop has to disappear beside it."""

import os
from pathlib import Path
from pydoc_data.topics import topics

import torch
import torch.nn.functional as F
from torch import nn
from torchmetrics import MetricCollection

from glassloop.kit.data import InMemory

NAME = "char_gpt"
DEFAULTS = {"batch_size": 12, "lr": 1e-3}
GOAL = ("val_loss", "min")
SPLIT = "the last batch of pieces for validation"
STEPS_PER_EPOCH = int(os.environ.get("BENCH_STEPS", "200"))
CONTEXT, WIDTH, HEADS, LAYERS, LETTERS = 64, 128, 4, 4, 128


def make_data() -> tuple[InMemory, InMemory]:
    """Python's own help texts, cut into pieces of 64 characters and the one that follows each; validation is one batch."""
    text = "".join(topics[name] for name in sorted(topics)).encode("ascii", "replace")
    pieces = STEPS_PER_EPOCH * DEFAULTS["batch_size"] + DEFAULTS["batch_size"]
    rows = torch.frombuffer(bytearray(text), dtype=torch.uint8)[: pieces * CONTEXT + 1].long()
    inputs, targets = rows[:-1].reshape(-1, CONTEXT), rows[1:].reshape(-1, CONTEXT)
    held_out = DEFAULTS["batch_size"]
    return InMemory(inputs[:-held_out], targets[:-held_out]), InMemory(inputs[-held_out:], targets[-held_out:])


class Block(nn.Module):
    """Attention over what came before, then a feed-forward net, each added to its input."""

    def __init__(self) -> None:
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(WIDTH), nn.LayerNorm(WIDTH)
        self.qkv, self.out = nn.Linear(WIDTH, 3 * WIDTH), nn.Linear(WIDTH, WIDTH)
        self.mlp = nn.Sequential(nn.Linear(WIDTH, 4 * WIDTH), nn.GELU(), nn.Linear(4 * WIDTH, WIDTH))

    def forward(self, x):
        B, T, _ = x.shape
        heads = self.qkv(self.norm1(x)).view(B, T, 3, HEADS, WIDTH // HEADS).permute(2, 0, 3, 1, 4)
        mixed = F.scaled_dot_product_attention(*heads.unbind(0), is_causal=True)
        x = x + self.out(mixed.transpose(1, 2).reshape(B, T, WIDTH))
        return x + self.mlp(self.norm2(x))


class CharGPT(nn.Module):
    """(B, T) characters -> (B, T, 128) logits of the next one; 0.83 million parameters."""

    def __init__(self) -> None:
        super().__init__()
        self.letters, self.places = nn.Embedding(LETTERS, WIDTH), nn.Embedding(CONTEXT, WIDTH)
        self.blocks = nn.ModuleList(Block() for _ in range(LAYERS))
        self.norm, self.head = nn.LayerNorm(WIDTH), nn.Linear(WIDTH, LETTERS)

    def forward(self, text):
        x = self.letters(text) + self.places.weight[: text.shape[1]]
        for block in self.blocks:
            x = block(x)
        return self.head(self.norm(x))


def make_model() -> nn.Module:
    """A fresh network."""
    return CharGPT()


def loss(model, batch):
    """Mean cross-entropy over all characters, and the logits."""
    text, following = batch
    logits = model(text)
    return F.cross_entropy(logits.flatten(0, 1), following.flatten()), logits


def count(batch) -> int:
    """Over how many items `loss` is a mean: characters."""
    return batch[1].numel()


def make_metrics() -> MetricCollection:
    """The loss says it all."""
    return MetricCollection({})


def measure(metrics, logits, batch) -> None:
    """Nothing besides the loss."""


def after_epoch(model, epoch: int, folder: Path) -> None:
    """No pictures: they would be this task's cost, not the loop's."""


def after_training(model, folder: Path) -> None:
    """Nothing to join."""
