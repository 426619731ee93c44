"""Everything that a trial may change, put back bit for bit."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn

from glassloop.kit import seeding
from glassloop.tap import unheard

_TABLES = ("_parameters", "_buffers", "_modules")


@contextmanager
def kept(modules: Sequence[nn.Module], optimizers: Sequence[torch.optim.Optimizer]) -> Iterator[None]:
    """Leaves modules, optimizers and all global generators as they were found, whatever happens inside.

    Kept are parameters, buffers, gradients (the same tensors, with the same bits), requires_grad, modes, what modules
    hold as plain attributes, optimizers' states, groups and attributes. A watch that is on does not hear what happens
    inside. Needs memory for one more copy of it all.
    """
    saved: list[_Module | _Optimizer] = [*(_Module(part) for module in modules for part in module.modules())]
    saved += [_Optimizer(optimizer) for optimizer in optimizers]
    rng = seeding.rng_state()
    try:
        with unheard():
            yield
    finally:
        for thing in saved:
            thing.restore()
        seeding.set_rng_state(rng)


class _Tensor:
    """A tensor, its values and its gradient."""

    def __init__(self, tensor: torch.Tensor) -> None:
        self.tensor, self.values = tensor, tensor.detach().clone()
        self.requires_grad = tensor.requires_grad
        self.grad = tensor.grad if tensor.is_leaf else None
        self.grad_values = None if self.grad is None else self.grad.detach().clone()

    def restore(self) -> None:
        """Puts it back."""
        with torch.no_grad():
            if not _same(self.tensor, self.values):  # what has not changed is not written to
                self.tensor.detach().copy_(self.values)
            if self.grad is not None and self.grad_values is not None and not _same(self.grad, self.grad_values):
                self.grad.detach().copy_(self.grad_values)
        if self.tensor.is_leaf:
            self.tensor.requires_grad_(self.requires_grad)
            if self.tensor.grad is not self.grad:
                self.tensor.grad = self.grad


class _Module:
    """One module, without its children."""

    def __init__(self, module: nn.Module) -> None:
        self.module = module
        self.names = dict(vars(module))
        self.tables = {name: dict(vars(module).get(name, {})) for name in _TABLES}
        held = [*self.tables["_parameters"].values(), *self.tables["_buffers"].values()]
        self.tensors = [_Tensor(tensor) for tensor in held if tensor is not None]

    def restore(self) -> None:
        """Puts it back."""
        own = vars(self.module)
        for name in [name for name in own if name not in self.names]:
            del own[name]
        own.update(self.names)
        for name, table in self.tables.items():
            if name in own:
                own[name].clear()
                own[name].update(table)
        for tensor in self.tensors:
            tensor.restore()


class _Optimizer:
    """An optimizer: the tensors of its state keep their identity, what is no tensor is copied."""

    def __init__(self, optimizer: torch.optim.Optimizer) -> None:
        self.optimizer = optimizer
        self.names = dict(vars(optimizer))
        self.groups = [(group, dict(group), list(group["params"])) for group in optimizer.param_groups]
        self.state = {key: _Values(value) for key, value in optimizer.state.items()}
        self.rates = _Values({i: group[0]["lr"] for i, group in enumerate(self.groups)})
        held = [param for _, _, params in self.groups for param in params]
        self.tensors = [_Tensor(param) for param in held if isinstance(param, torch.Tensor)]

    def restore(self) -> None:
        """Puts it back."""
        optimizer = self.optimizer
        own = vars(optimizer)
        for name in [name for name in own if name not in self.names]:
            del own[name]
        own.update(self.names)
        optimizer.state.clear()
        optimizer.state.update({key: value.restored() for key, value in self.state.items()})
        self.rates.restored()
        for group, entries, params in self.groups:
            group.clear()
            group.update(entries)
            group["params"][:] = params
        optimizer.param_groups[:] = [group for group, _, _ in self.groups]
        for tensor in self.tensors:
            tensor.restore()


class _Values:
    """A dict of tensors and other values, as an optimizer keeps them for a parameter."""

    def __init__(self, values: Any) -> None:
        self.values = values
        entries = values.items() if isinstance(values, dict) else ()
        self.tensors = [_Tensor(value) for _, value in entries if isinstance(value, torch.Tensor)]
        self.others = {key: copy.deepcopy(v) for key, v in entries if not isinstance(v, torch.Tensor)}
        self.kept = dict(entries)

    def restored(self) -> Any:
        """The dict, as it was."""
        for tensor in self.tensors:
            tensor.restore()
        if isinstance(self.values, dict):
            self.values.clear()
            self.values.update({key: self.others.get(key, value) for key, value in self.kept.items()})
        return self.values


def _same(one: torch.Tensor, other: torch.Tensor) -> bool:
    if one.is_sparse or one.shape != other.shape:
        return False
    flat, others = one.detach().reshape(-1).contiguous(), other.reshape(-1).contiguous()
    return bool(torch.equal(flat.view(torch.uint8), others.view(torch.uint8))) if flat.numel() else True
