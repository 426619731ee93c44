"""A character GPT as lessons write it, each head a module of its own; and the same weights packed for one product.

Width 64, 4 heads, 4 blocks, context 32: what lessons choose for a CPU.
"""

from __future__ import annotations

from pathlib import Path
from pydoc_data.topics import topics

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.data import TensorDataset

from glassloop.speed.catalogue import BATCH, Settings
from glassloop.speed.material import Material, Order, by_index

LETTERS, WIDTH, HEADS, BLOCKS, CONTEXT = 128, 64, 4, 4, 32
STEPS = 30  # an epoch


class Head(nn.Module):
    """One head, its attention written out: (B, T, 64) -> (B, T, 16)."""

    def __init__(self) -> None:
        super().__init__()
        self.query, self.key, self.value = (nn.Linear(WIDTH, WIDTH // HEADS, bias=False) for _ in range(3))
        self.register_buffer("past", torch.ones(CONTEXT, CONTEXT).tril())

    def forward(self, x: Tensor) -> Tensor:
        """Weigh what came before."""
        query, key, past = self.query(x), self.key(x), self.get_buffer("past")
        weights = query @ key.transpose(-2, -1) * key.shape[-1] ** -0.5
        weights = weights.masked_fill(past[: x.shape[1], : x.shape[1]] == 0, float("-inf")).softmax(-1)
        mixed: Tensor = weights @ self.value(x)
        return mixed


class Attention(nn.Module):
    """The heads side by side."""

    def __init__(self) -> None:
        super().__init__()
        self.heads = nn.ModuleList(Head() for _ in range(HEADS))
        self.out = nn.Linear(WIDTH, WIDTH)

    def forward(self, x: Tensor) -> Tensor:
        """(B, T, 64) -> (B, T, 64)."""
        mixed: Tensor = self.out(torch.cat([head(x) for head in self.heads], -1))
        return mixed


class PackedAttention(nn.Module):
    """The same heads, in one product for all queries, keys and values and one for the mixing: torch's own kernel."""

    def __init__(self, other: Attention) -> None:
        super().__init__()
        heads = [head for head in other.heads if isinstance(head, Head)]
        layers = [getattr(head, name) for name in ("query", "key", "value") for head in heads]
        self.qkv = nn.Linear(WIDTH, 3 * WIDTH, bias=False)
        with torch.no_grad():
            self.qkv.weight.copy_(torch.cat([layer.weight for layer in layers]))
        self.out = other.out

    def forward(self, x: Tensor) -> Tensor:
        """(B, T, 64) -> (B, T, 64)."""
        B, T, _ = x.shape
        query, key, value = self.qkv(x).view(B, T, 3, HEADS, WIDTH // HEADS).permute(2, 0, 3, 1, 4).unbind(0)
        mixed = F.scaled_dot_product_attention(query, key, value, is_causal=True)
        out: Tensor = self.out(mixed.transpose(1, 2).reshape(B, T, WIDTH))
        return out


class Block(nn.Module):
    """Attention, then a feed-forward net, each added to its input."""

    def __init__(self) -> None:
        super().__init__()
        self.attention: nn.Module = Attention()
        self.forth = nn.Sequential(nn.Linear(WIDTH, 4 * WIDTH), nn.ReLU(), nn.Linear(4 * WIDTH, WIDTH))
        self.norm1, self.norm2 = nn.LayerNorm(WIDTH), nn.LayerNorm(WIDTH)

    def forward(self, x: Tensor) -> Tensor:
        """(B, T, 64) -> (B, T, 64)."""
        x = x + self.attention(self.norm1(x))
        out: Tensor = x + self.forth(self.norm2(x))
        return out


class CharGPT(nn.Module):
    """(B, T) characters -> (B, T, 128) logits of the next one; 0.2 million parameters."""

    def __init__(self) -> None:
        super().__init__()
        self.letters, self.places = nn.Embedding(LETTERS, WIDTH), nn.Embedding(CONTEXT, WIDTH)
        self.blocks = nn.Sequential(*(Block() for _ in range(BLOCKS)))
        self.norm, self.head = nn.LayerNorm(WIDTH), nn.Linear(WIDTH, LETTERS)

    def forward(self, text: Tensor) -> Tensor:
        """The logits at each place."""
        x = self.letters(text) + self.places(torch.arange(text.shape[1], device=text.device))
        logits: Tensor = self.head(self.norm(self.blocks(x)))
        return logits


def gpt(settings: Settings) -> nn.Module:
    """The lesson's network, or the same weights packed."""
    model = CharGPT()
    for block in model.blocks if settings.packed else ():
        if isinstance(block, Block) and isinstance(block.attention, Attention):
            block.attention = PackedAttention(block.attention)
    return model


def loss(logits: Tensor, following: Tensor) -> Tensor:
    """Mean cross-entropy over all characters."""
    return F.cross_entropy(logits.flatten(0, 1), following.flatten())


def make(_task: str, _folder: Path) -> Material:
    """Python's help texts in pieces of 32 characters, each with the piece that lies one further on."""
    text = "".join(topics[name] for name in sorted(topics)).encode("ascii", "replace")
    pieces = STEPS * BATCH
    letters = torch.frombuffer(bytearray(text), dtype=torch.uint8)[: pieces * CONTEXT + 1].long()
    inputs, following = letters[:-1].reshape(-1, CONTEXT), letters[1:].reshape(-1, CONTEXT)
    order = Order(len(inputs))
    return Material(TensorDataset(inputs, following), order, gpt, loss, by_index(order, inputs, following))
