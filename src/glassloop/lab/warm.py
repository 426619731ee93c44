"""What the process that runs are forked from has loaded: seconds that each run would pay otherwise.

No backward runs here: autograd starts threads for an accelerator at its first one, and threads do not survive a fork.
"""

import contextlib
import gc
import importlib
import pkgutil

import torch
from torch.optim.lr_scheduler import LambdaLR

from glassloop.rules import all_rules

# What runs need later, and nobody names here.
for _name in (
    "torch.utils.data",
    "sklearn.datasets",
    "glassloop.lab.child",
    *(
        f"glassloop.{_folder}.{_module.name}"
        for _folder in ("tap", "source")
        for _module in pkgutil.iter_modules(importlib.import_module(f"glassloop.{_folder}").__path__)
    ),
):
    with contextlib.suppress(ImportError):
        importlib.import_module(_name)
all_rules()

_weight = torch.nn.Parameter(torch.zeros(1))
_optimizer = torch.optim.AdamW([_weight])  # the first one imports as much again as torch itself
_weight.grad = torch.zeros(1)
_optimizer.step()
LambdaLR(_optimizer, lambda _: 1.0)
del _weight, _optimizer
# What is here stays: a run that looks through its objects, or collects garbage, need not go through (and copy) all this.
gc.collect()
gc.freeze()
