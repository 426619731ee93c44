"""Activation checkpointing for a block, with batch-norm counted once.

Recomputing in the backward saves memory and costs about one more forward. torch's `checkpoint` replays dropout exactly,
but it also runs the block's batch-norm a second time, so its running statistics would move twice a step.
"""

from contextlib import nullcontext
from functools import partial

from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.utils.checkpoint import checkpoint


def recompute(block: nn.Module) -> None:
    """From now on `block` keeps only its inputs in the forward and computes its inside again in the backward."""
    contexts = partial(_contexts, block)
    block.forward = partial(checkpoint, block.forward, use_reentrant=False, context_fn=contexts)


def _contexts(block: nn.Module) -> tuple[nullcontext[None], "_Frozen"]:
    return nullcontext(), _Frozen(block)


class _Frozen:
    """Keep batch-norm's running statistics still while a block is recomputed."""

    def __init__(self, block: nn.Module) -> None:
        self.norms = [module for module in block.modules() if isinstance(module, _BatchNorm)]

    def __enter__(self) -> None:
        self.tracked = [norm.track_running_stats for norm in self.norms]
        for norm in self.norms:
            norm.track_running_stats = False

    def __exit__(self, *_error: object) -> None:
        for norm, tracked in zip(self.norms, self.tracked, strict=True):
            norm.track_running_stats = tracked
