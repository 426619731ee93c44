"""Does what the model says of one element of a batch depend on the others?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import nn
from torch.nn.modules.batchnorm import _NormBase

from glassloop.preflight.report import Check
from glassloop.preflight.trial import Trial
from glassloop.tap.nested import tensors

NAME = "batch elements"
ROUNDING = 1e-6  # of the largest gradient: below it, a dependence is none


def check(trial: Trial) -> Check:
    """The gradient of output i with respect to input j, in evaluation mode: in training batch norm mixes by design."""
    first, dim = trial.first, trial.batch_dim
    if first.args is None:
        return Check(NAME, "not-applicable", "the loss function does not call the model itself, so its inputs are unknown")
    trial.model.eval()
    leaves: list[torch.Tensor] = []
    args, kwargs = _with_grad(first.args, leaves), _with_grad(first.kwargs, leaves)
    handles = [m.register_forward_hook(_cut(leaves, first)) for m in trial.model.modules() if _embeds(m)]
    try:
        with torch.enable_grad(), torch.backends.cudnn.flags(enabled=False):  # its RNNs go backward in training only
            output = trial.model(*args, **kwargs)
    finally:
        for handle in handles:
            handle.remove()
    size = next((t.shape[dim] for t in tensors([list(first.args), first.kwargs]) if t.dim() > dim), 0)
    leaves = [leaf for leaf in leaves if leaf.dim() > dim and leaf.shape[dim] == size]
    outputs = [t for t in tensors(output) if t.requires_grad and t.dim() > dim and t.shape[dim] == size]
    if size < 2 or not leaves or not outputs:
        reason = "the batch has one element" if size == 1 else "no output and no input share the batch's dimension"
        return Check(NAME, "not-applicable", reason)
    return _judge(trial, outputs[0], leaves, size)


def _judge(trial: Trial, output: torch.Tensor, leaves: list[torch.Tensor], size: int) -> Check:
    dim, norms = trial.batch_dim, any(isinstance(m, _NormBase) for m in trial.model.modules())
    aside = "; batch norm, which mixes a batch in training by design, was in evaluation mode" if norms else ""
    for i in sorted({0, size // 2, size - 1}):
        others = _influences(output, leaves, i, dim)
        if others is None:
            return Check(NAME, "not-applicable", "the gradients of the outputs are not finite")
        if others:
            return _told(trial, output, leaves, i, others)
    return Check(NAME, "pass", f"no output depends on another element's input{aside}", {"batch": size, "dimension": dim})


def _told(trial: Trial, output: torch.Tensor, leaves: list[torch.Tensor], i: int, others: list[int]) -> Check:
    dim, some = trial.batch_dim, ", ".join(map(str, others[:4])) + (", …" if len(others) > 4 else "")
    said = f"output {i} depends on the input of {some}"
    facts = {"output": i, "inputs": others, "dimension": dim}
    second = 1 - dim if dim < 2 else 0
    if output.dim() > 1 and all(leaf.dim() > 1 and leaf.shape[second] == output.shape[second] for leaf in leaves):
        free = _influences(output, leaves, 0, second) == [] and output.shape[second] > 1
        if free and _time_first(trial.model):
            said += f" along dimension {dim}, and none on another along dimension {second}"
            remedy = f"Without batch_first=True a recurrent layer takes [time, batch]; if so, give batch_dim={second}."
            return Check(NAME, "warn", said, facts, remedy)
    unkept = [n for n, m in trial.model.named_modules() if isinstance(m, _NormBase) and not m.track_running_stats]
    if unkept and not isinstance(trial.model.get_submodule(unkept[0]), nn.modules.instancenorm._InstanceNorm):
        said += f"; {unkept[0]} keeps no running statistics, and uses the batch's in evaluation, too"
        return Check(NAME, "fail", said, facts, "Let it track them: track_running_stats=True.")
    remedy = "Look for view, reshape or transpose that touches the first dimension, and for a softmax or mean over it."
    return Check(NAME, "fail", said, facts, remedy)


def _influences(output: torch.Tensor, leaves: list[torch.Tensor], i: int, dim: int) -> list[int] | None:
    """Which other inputs output `i` depends on; None where a gradient is not finite."""
    one = output.select(dim, i).float()
    weights = torch.linspace(0.5, 1.5, one.numel(), device=one.device).reshape(one.shape)  # a plain sum may cancel
    grads = torch.autograd.grad((one * weights).sum(), leaves, retain_graph=True, allow_unused=True)
    found: set[int] = set()
    for grad in grads:
        if grad is None:
            continue
        each = grad.detach().abs().float().transpose(0, dim).reshape(grad.shape[dim], -1).amax(1)
        if not bool(torch.isfinite(each).all()):
            return None
        found |= {j for j in (each > ROUNDING * each.max()).nonzero().flatten().tolist() if j != i}
    return sorted(found)


def _with_grad(value: Any, leaves: list[torch.Tensor]) -> Any:
    """A copy of the inputs whose floating tensors ask for gradients; `leaves` gets them."""
    if isinstance(value, torch.Tensor):
        if not value.is_floating_point():
            return value
        leaves.append(value.detach().clone().requires_grad_())
        return leaves[-1]
    if isinstance(value, Mapping):
        return {key: _with_grad(item, leaves) for key, item in value.items()}
    if type(value) in (list, tuple):
        return type(value)(_with_grad(item, leaves) for item in value)
    return value


def _embeds(module: nn.Module) -> bool:
    return isinstance(module, (nn.Embedding, nn.EmbeddingBag))


def _cut(leaves: list[torch.Tensor], first: Any) -> Callable[..., Any]:
    """A hook: what an embedding of the batch's own whole numbers gives is an input whose gradient can be asked for."""
    shapes = {t.shape for t in tensors([list(first.args), first.kwargs]) if not t.is_floating_point()}

    def hook(module: nn.Module, args: Any, output: Any) -> Any:
        if not args or not isinstance(args[0], torch.Tensor) or args[0].shape not in shapes:
            return None  # positions and the like
        leaves.append(output.detach().clone().requires_grad_())
        return leaves[-1]

    return hook


def _time_first(model: nn.Module) -> bool:
    return any(getattr(m, "batch_first", True) is False for m in model.modules())
