"""What the process that runs are forked from has loaded: seconds that each run would pay otherwise.

No backward runs here: autograd starts threads for an accelerator at its first one, and threads do not survive a fork.
"""

import contextlib

import torch
import torch.utils.data
from torch.optim.lr_scheduler import LambdaLR

with contextlib.suppress(ImportError):
    import sklearn.datasets  # noqa: F401

import glassloop.watch  # noqa: F401

_weight = torch.nn.Parameter(torch.zeros(1))
_optimizer = torch.optim.AdamW([_weight])  # the first one imports as much again as torch itself
_weight.grad = torch.zeros(1)
_optimizer.step()
LambdaLR(_optimizer, lambda _: 1.0)
