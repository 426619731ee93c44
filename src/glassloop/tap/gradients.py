"""What happens to gradients where no call of PyTorch's says so: whom a backward reached, and what the user's hands did.

Reads which tensor a gradient is and how often it was written (`_version`), never what is in it: nothing waits for a
device.
"""

from __future__ import annotations

import weakref
from typing import Any

import torch

Mark = tuple[torch.Tensor | None, int]
Left = tuple[torch.Tensor, weakref.ref[torch.Tensor]]


class Held:
    """The parameters of one optimizer, flat, and whether all their gradients are known to be None.

    The optimizer itself is not kept alive. `bare`: those of the parameters that are plain tensors, whose `grad` anyone
    may assign unheard; `left`: what their gradients were after the last backward, until a clearing is heard.
    """

    __slots__ = ("bare", "clean", "groups", "ids", "left", "params")

    def __init__(self, optimizer: torch.optim.Optimizer) -> None:
        self.clean = False
        self.groups: list[tuple[list[Any], int]] = []
        self.params: list[torch.Tensor] = []
        self.ids: frozenset[int] = frozenset()
        self.bare: list[torch.Tensor] = []
        self.left: list[Left] = []
        self.refresh(optimizer)

    def refresh(self, optimizer: torch.optim.Optimizer) -> None:
        """Reads the groups again where one was added or its list exchanged."""
        groups = optimizer.param_groups
        if len(groups) == len(self.groups):  # asked at every backward, so without a generator, which costs more
            for group, (old, count) in zip(groups, self.groups):  # noqa: B905
                params = group["params"]
                if params is not old or len(params) != count:
                    break
            else:
                return
        self.groups = [(group["params"], len(group["params"])) for group in groups]
        self.params = [p for params, _ in self.groups for p in params]
        self.ids = frozenset(map(id, self.params))  # alive as long as the lists above
        self.bare = [p for p in self.params if not isinstance(p, torch.nn.Parameter)]
        self.left = []
        self.clean = False

    def leave(self) -> None:
        """After a backward: remembers whose gradients there are of plain tensors, and keeps none of them alive."""
        self.left = [(p, weakref.ref(grad)) for p, grad in ((p, p.grad) for p in self.bare) if grad is not None]

    def exchanged(self) -> bool:
        """Whether a plain tensor's gradient is gone, or another tensor, since the last backward, and nobody heard why."""
        left, self.left = self.left, []
        return any(p.grad is None or p.grad is not grad() for p, grad in left)

    def marks(self) -> list[Mark]:
        """What the gradients are before a backward."""
        return [(grad, -1 if grad is None else grad._version) for grad in (p.grad for p in self.params)]

    def reached(self, before: list[Mark] | None) -> bool:
        """Whether a gradient was made or added to since `before` (None: there was none). Most often the first answers."""
        if before is not None:
            return any(changed(p.grad, mark) for p, mark in zip(self.params, before, strict=True))
        for p in self.params:  # noqa: SIM110  as above
            if p.grad is not None:
                return True
        return False

    def holds(self, params: list[Any]) -> bool:
        """Whether any of `params` is this optimizer's."""
        ids = self.ids
        return any(id(p) in ids for p in params)


def changed(grad: torch.Tensor | None, mark: Mark) -> bool:
    """Whether a gradient is another tensor than it was, or was written to."""
    return grad is not None and (grad is not mark[0] or grad._version != mark[1])
