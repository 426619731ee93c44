"""Activation checkpointing for a block, with batch-norm counted once.

Recomputing in the backward saves memory and costs about one more forward. torch's `checkpoint` replays dropout exactly,
but it also runs the block's batch-norm a second time, so its running statistics would move twice a step.
"""

from collections.abc import Callable
from contextlib import nullcontext
from functools import partial
from typing import Any

import torch
from torch import nn
from torch.nn.modules.batchnorm import _NormBase
from torch.utils.checkpoint import checkpoint

from glassloop.errors import UserError


def recompute(block: nn.Module) -> None:
    """From now on `block` keeps only its inputs in the forward and computes its inside again in the backward."""
    block.forward = partial(_forward, block, block.forward)


def _forward(block: nn.Module, inside: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    if torch.compiler.is_compiling():  # a compiled block writes its statistics once, and its compiler takes no context
        return checkpoint(inside, *args, use_reentrant=False, **kwargs)
    return checkpoint(inside, *args, use_reentrant=False, context_fn=partial(_contexts, block), **kwargs)


def blocks_of(model: nn.Module) -> nn.ModuleList | nn.Sequential:
    """`model.blocks`: what is recomputed, one at a time. Raises UserError where a model has none."""
    blocks = getattr(model, "blocks", None)
    if not isinstance(blocks, (nn.ModuleList, nn.Sequential)):
        kind = type(model).__name__
        raise UserError(f"--recompute works on model.blocks, an nn.ModuleList, and {kind} has none; name its blocks so")
    return blocks


def _contexts(block: nn.Module) -> tuple[nullcontext[None], "_Frozen"]:
    return nullcontext(), _Frozen(block)


class _Frozen:
    """Let batch-norm count into copies of its running statistics while a block is recomputed.

    Switching the counting off would not do: torch compares what both forwards keep for the backward, and finds less.
    """

    def __init__(self, block: nn.Module) -> None:
        self.norms = [module for module in block.modules() if isinstance(module, _NormBase)]

    def __enter__(self) -> None:
        self.buffers = [dict(norm.named_buffers(recurse=False)) for norm in self.norms]
        for norm, buffers in zip(self.norms, self.buffers, strict=True):
            for name, buffer in buffers.items():
                setattr(norm, name, buffer.clone())

    def __exit__(self, *_error: object) -> None:
        for norm, buffers in zip(self.norms, self.buffers, strict=True):
            for name, buffer in buffers.items():
                setattr(norm, name, buffer)
