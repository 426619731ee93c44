"""Which layers of a model mind the mode: found once, asked at every forward."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING

from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.modules.dropout import _DropoutNd

from glassloop.events import NOTHING, Ref

if TYPE_CHECKING:
    from glassloop.tap.ear import Ear

Layers = list[weakref.ref[nn.Module]]


def minds(ear: Ear, ref: Ref, model: nn.Module) -> str:
    """The name of a layer that minds the mode and is in training mode; "" where there is none. Keeps nothing alive."""
    known = ear.minding.get(ref.serial)
    if known is None or known[0] != id(model):
        layers = [weakref.ref(m) for m in model.modules() if heeds_mode(m)]
        known = ear.minding[ref.serial] = (id(model), layers)
    for layer in known[1]:
        found = layer()
        if found is not None and found.training:
            return type(found).__name__
    return ""


def calm(ear: Ear, ref: Ref, model: nn.Module) -> str:
    """events.NOTHING where every layer of a model answers the same in either mode; else "". Asked once a model."""
    known = ear.calm.get(ref.serial)
    if known is None or known[0] != id(model):
        known = ear.calm[ref.serial] = (id(model), NOTHING if all(map(_calm_itself, model.modules())) else "")
    return known[1]


def _calm_itself(m: nn.Module) -> bool:
    if type(m).__module__.startswith("torch.nn."):
        return not (heeds_mode(m) or getattr(m, "track_running_stats", False))
    code = getattr(type(m).forward, "__code__", None)
    return code is not None and not any("dropout" in n or n in ("training", "batch_norm") for n in code.co_names)


def heeds_mode(m: nn.Module) -> bool:
    """Whether a layer does something else in evaluation than in training."""
    if isinstance(m, _BatchNorm):
        return bool(m.track_running_stats)
    if isinstance(m, _DropoutNd):
        return bool(m.p > 0)
    if isinstance(m, nn.RNNBase):
        return bool(m.dropout > 0 and m.num_layers > 1)
    if isinstance(m, nn.MultiheadAttention):
        return bool(m.dropout > 0)
    return isinstance(m, nn.RReLU)
