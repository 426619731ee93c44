"""Right models and losses of several kinds, and small batches for them."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import torch
from torch import nn
from torch.nn import functional as F

Case = tuple[nn.Module, Any, Callable[..., Any] | None]


def classes(n: int = 16, features: int = 6, count: int = 5) -> tuple[torch.Tensor, torch.Tensor]:
    """A batch to classify, always the same."""
    generator = torch.Generator().manual_seed(1)
    return torch.randn(n, features, generator=generator), torch.arange(n) % count


class Gpt(nn.Module):
    """A character model with causal attention."""

    def __init__(self) -> None:
        super().__init__()
        self.words, self.places = nn.Embedding(20, 16), nn.Embedding(8, 16)
        self.body = nn.TransformerEncoderLayer(16, 2, 32, dropout=0.1, batch_first=True)
        self.head = nn.Linear(16, 20)

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        mask = nn.Transformer.generate_square_subsequent_mask(ids.shape[1])
        x = self.words(ids) + self.places(torch.arange(ids.shape[1]))
        out: torch.Tensor = self.head(self.body(x, src_mask=mask))
        return out


class Hub(nn.Module):
    """As Hugging Face's models are called: names in, an object with a loss out."""

    def __init__(self) -> None:
        super().__init__()
        self.body, self.head = nn.Embedding(20, 8), nn.Linear(8, 3)

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor | None = None, labels: Any = None) -> Any:
        logits = self.head(self.body(input_ids).mean(1))
        return SimpleNamespace(loss=None if labels is None else F.cross_entropy(logits, labels), logits=logits)


class Adapter(nn.Module):
    """A frozen layer with a low-rank branch that starts at zero."""

    def __init__(self) -> None:
        super().__init__()
        self.base = nn.Linear(6, 5).requires_grad_(False)
        self.down, self.up = nn.Linear(6, 5, bias=False), nn.Linear(5, 5, bias=False)
        nn.init.zeros_(self.up.weight)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.base(x) + self.up(self.down(x))


class Vae(nn.Module):
    """Draws in training only."""

    def __init__(self) -> None:
        super().__init__()
        self.encode, self.decode = nn.Linear(6, 8), nn.Linear(4, 6)

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        mean, log = self.encode(x).chunk(2, 1)
        z = mean + torch.randn_like(mean) * (log / 2).exp() if self.training else mean
        return self.decode(z), mean, log


class Seq(nn.Module):
    """A recurrent model with the batch in the first dimension."""

    def __init__(self) -> None:
        super().__init__()
        self.body, self.head = nn.GRU(3, 8, batch_first=True), nn.Linear(8, 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        out: torch.Tensor = self.head(self.body(x)[0][:, -1])
        return out


def vae_loss(output: Any, target: torch.Tensor) -> torch.Tensor:
    made, mean, log = output
    return F.mse_loss(made, target) - 1e-3 * (1 + log - mean**2 - log.exp()).mean()


def next_word(model: nn.Module, batch: torch.Tensor) -> torch.Tensor:
    return F.cross_entropy(model(batch[:, :-1]).flatten(0, 1), batch[:, 1:].flatten())


class Denoiser(nn.Module):
    """Takes a level of noise, one number a sample."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(7, 32), nn.SiLU(), nn.Linear(32, 6))

    def forward(self, x: torch.Tensor, level: torch.Tensor) -> torch.Tensor:
        out: torch.Tensor = self.layers(torch.cat([x, level[:, None]], 1))
        return out


def denoise(model: nn.Module, batch: torch.Tensor) -> torch.Tensor:
    """Draws in the loss function, not in the model."""
    level = torch.rand(len(batch)) / 10
    noise = torch.randn_like(batch)
    return F.mse_loss(model(batch + noise * level[:, None], level), batch)


def right() -> dict[str, Case]:
    """Models without a mistake, freshly made."""
    torch.manual_seed(0)
    x, y = classes()
    words = torch.randint(0, 20, (8, 9))
    images = torch.rand(12, 1, 8, 8)
    conv = nn.Sequential(
        nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(), nn.Dropout(0.3), nn.Linear(144, 5)
    )  # fmt: skip
    bits = (x[:, :1] > 0).float()
    tied = nn.Sequential(nn.Embedding(20, 8), nn.Linear(8, 20, bias=False))
    tied[1].weight = tied[0].weight
    return {
        "mlp": (nn.Sequential(nn.Linear(6, 16), nn.ReLU(), nn.Linear(16, 5)), (x, y), F.cross_entropy),
        "a loss object": (nn.Linear(6, 5), (x, y), nn.CrossEntropyLoss(label_smoothing=0.1)),
        "log-softmax": (nn.Sequential(nn.Linear(6, 5), nn.LogSoftmax(1)), (x, y), nn.NLLLoss()),
        "conv, batch norm, dropout": (conv, (images, torch.arange(12) % 5), F.cross_entropy),
        "regression": (nn.Sequential(nn.Linear(6, 16), nn.Tanh(), nn.Linear(16, 1)), (x, x[:, :1] * 2), nn.MSELoss()),
        "binary": (nn.Linear(6, 1), (x, bits), nn.BCEWithLogitsLoss()),
        "squared by hand": (nn.Linear(6, 1), (x, x[:, 0]), lambda out, y: ((out.squeeze(1) - y) ** 2).mean()),
        "gpt": (Gpt(), words, next_word),
        "by names": (Hub(), {"input_ids": words, "labels": torch.arange(8) % 3}, None),
        "low rank": (Adapter(), (x, y), F.cross_entropy),
        "denoiser": (Denoiser(), x, denoise),
        "vae": (Vae(), x, vae_loss),
        "recurrent": (Seq(), (torch.randn(6, 6, 3), torch.arange(6) % 2), F.cross_entropy),
        "tied weights": (tied, (torch.arange(16), torch.arange(16)), F.cross_entropy),
        "sparse embedding": (
            nn.Sequential(nn.EmbeddingBag(20, 8, sparse=True), nn.Linear(8, 3)), (words, torch.arange(8) % 3),
            F.cross_entropy,
        ),
        "pixels 0 to 255, normalised": (
            nn.Sequential(nn.Flatten(), nn.BatchNorm1d(64), nn.Linear(64, 5)), (images * 255, torch.arange(12) % 5),
            F.cross_entropy,
        ),
        "targets that are mixed": (
            nn.Sequential(nn.Linear(6, 64), nn.ReLU(), nn.Linear(64, 5)), (x, torch.full((16, 5), 0.2)), F.cross_entropy
        ),
        "smoothed targets": (
            nn.Sequential(nn.Linear(6, 64), nn.ReLU(), nn.Linear(64, 5)), (x, y), nn.CrossEntropyLoss(label_smoothing=0.4)
        ),
        "segmentation": (nn.Conv2d(1, 3, 3, padding=1), (images, (images[:, 0] * 3).long().clamp(max=2)), F.cross_entropy),
    }  # fmt: skip
