"""The tensors in what people pass around: batches, arguments, outputs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

DEEPEST = 4  # levels of lists, mappings and dataclasses that are looked into


def tensors(value: Any, depth: int = 0) -> list[torch.Tensor]:
    """The tensors in a batch or an output, a few levels deep, in their order."""
    if isinstance(value, torch.Tensor):
        return [value]
    if depth == DEEPEST:
        return []
    if isinstance(value, Mapping):
        value = list(value.values())
    elif not isinstance(value, (list, tuple)):
        value = list(getattr(value, "__dict__", {}).values()) if hasattr(type(value), "__dataclass_fields__") else []
    return [tensor for item in value for tensor in tensors(item, depth + 1)]
