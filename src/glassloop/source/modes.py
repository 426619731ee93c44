"""Which layers mind the mode: they answer differently in training and in evaluation."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from glassloop.source.inside import look
from glassloop.source.values import MODE, Const, Module, Params, Seq, Table, Tensor, Unknown, Value
from glassloop.source.walk import walk

if TYPE_CHECKING:
    from glassloop.source.player import Player

# Layer -> (name of the argument that must be above zero, its place, its default); None: it always minds.
DROPPING: dict[str, tuple[str, int, float]] = {
    **dict.fromkeys(("Dropout", "Dropout1d", "Dropout2d", "Dropout3d"), ("p", 0, 0.5)),
    **dict.fromkeys(("AlphaDropout", "FeatureAlphaDropout"), ("p", 0, 0.5)),
    **dict.fromkeys(("TransformerEncoderLayer", "TransformerDecoderLayer"), ("dropout", 3, 0.1)),
    "Transformer": ("dropout", 5, 0.1),
    "MultiheadAttention": ("dropout", 2, 0.0),
    **dict.fromkeys(("LSTM", "GRU", "RNN"), ("dropout", 5, 0.0)),
}
NORMS = frozenset(
    f"{lazy}{name}" for lazy in ("", "Lazy") for name in ("BatchNorm1d", "BatchNorm2d", "BatchNorm3d", "SyncBatchNorm")
)
# Model families of torchvision that hold batch-norm or dropout, whatever their arguments.
FAMILIES = (
    "resnet", "resnext", "wide_resnet", "densenet", "mobilenet", "efficientnet", "vgg", "alexnet", "squeezenet", "googlenet",
    "inception", "shufflenet", "mnasnet", "regnet",
)  # fmt: skip


# Layers of torch.nn that never ask for the mode.
CALM = frozenset(
    "Linear Bilinear Identity Flatten Unflatten Embedding LayerNorm GroupNorm RMSNorm Upsample PixelShuffle"
    " Conv1d Conv2d Conv3d ConvTranspose1d ConvTranspose2d ConvTranspose3d"
    " ReflectionPad1d ReflectionPad2d ReflectionPad3d ReplicationPad1d ReplicationPad2d ReplicationPad3d"
    " ZeroPad1d ZeroPad2d ZeroPad3d ConstantPad1d ConstantPad2d ConstantPad3d"
    " MaxPool1d MaxPool2d MaxPool3d AvgPool1d AvgPool2d AvgPool3d"
    " AdaptiveAvgPool1d AdaptiveAvgPool2d AdaptiveAvgPool3d AdaptiveMaxPool1d AdaptiveMaxPool2d"
    " ReLU ReLU6 LeakyReLU PReLU ELU SELU CELU GELU SiLU Mish Tanh Sigmoid Softplus Softmax LogSoftmax Hardswish".split()
)

DROPPING_FAMILIES = ("bert", "gpt2", "t5-", "bart-", "electra")  # of transformers: their configurations drop a tenth


def minding(path: str, args: list[Value], kwargs: dict[str, Value]) -> str:
    """The name by which people know what minds the mode in a library's layer or model; "" where nothing certainly does."""
    last = path.rsplit(".", 1)[-1]
    if path.startswith("torchvision.models."):
        return last if last.startswith(FAMILIES) else ""
    if last == "from_pretrained" and path.startswith("transformers."):
        name = args[0].value if args and isinstance(args[0], Const) else None
        return "dropout" if isinstance(name, str) and any(family in name.lower() for family in DROPPING_FAMILIES) else ""
    if last in NORMS or last == "RReLU":
        tracks = kwargs.get("track_running_stats", Const(True))
        return last if isinstance(tracks, Const) and tracks.value else ""
    if last not in DROPPING:
        return ""
    name, place, default = DROPPING[last]
    given = kwargs.get(name) or (args[place] if place < len(args) else Const(default))
    drops = isinstance(given, Const) and isinstance(given.value, (int, float)) and given.value > 0
    if last in ("LSTM", "GRU", "RNN"):
        layers = kwargs.get("num_layers") or (args[2] if len(args) > 2 else Const(1))
        drops = drops and isinstance(layers, Const) and isinstance(layers.value, int) and layers.value > 1
    return last if drops else ""


def minds(p: Player, m: Module, given: list[Value]) -> str:
    """What in a model certainly minds the mode, and is in training mode now; "" where nothing is known to."""
    found = _first(m)
    if found:
        return found
    if m.cls is None or not p.program.drops:
        return ""
    seen = look(p, m, tuple(given), m.training)
    return "dropout" if seen is not None and seen.minds else ""


def _first(m: Module) -> str:
    seen: set[int] = set()
    pending: list[Value] = [m]
    while pending:
        v = pending.pop()
        if isinstance(v, Module) and id(v) not in seen:
            if v.minds and v.training and not v.doubtful:
                return v.minds
            seen.add(id(v))
            pending.extend([*v.attrs.values(), *v.items][::-1])
        elif isinstance(v, (Seq, Table)) and id(v) not in seen:
            seen.add(id(v))
            pending.extend(v.items if isinstance(v, Seq) else v.items.values())
    return ""


def calm(p: Player, m: Module) -> bool:
    """Whether all that is in a model is known, and answers the same in training and in evaluation mode."""
    seen: set[int] = set()
    pending: list[Value] = [m]
    while pending:
        v = pending.pop()
        if id(v) in seen or isinstance(v, (Const, Params, Tensor)) or (isinstance(v, Unknown) and v.plain):
            continue
        seen.add(id(v))
        if isinstance(v, Module) and v.kind.removeprefix("torch.nn.") in CALM:
            continue
        if isinstance(v, Module) and _calm_itself(p, v):
            pending.extend([*v.attrs.values(), *v.items])
        elif isinstance(v, (Seq, Table)) and v.exact:
            pending.extend(v.items if isinstance(v, Seq) else v.items.values())
        else:
            return False
    return True


def _calm_itself(p: Player, m: Module) -> bool:
    if m.cls is None:
        return m.kind in ("torch.nn.Sequential", "torch.nn.ModuleList", "torch.nn.ModuleDict") and bool(m.items or m.attrs)
    own = {n.attr for n in walk(m.cls.node) if isinstance(n, ast.Attribute)}
    plain = set(m.cls.roots()) <= {"torch.nn.Module", "torch.nn.modules.module.Module"}
    return plain and not p.program.drops and own.isdisjoint({"training", "batch_norm"})


def functional(p: Player, name: str, args: list[Value], kwargs: dict[str, Value]) -> None:
    """F.dropout(x, p, training): inside a forward, does it mind the mode of its model?"""
    if "dropout" not in name or not p.inside:
        return
    rate = kwargs.get("p") or (args[1] if len(args) > 1 else Const(0.5))
    training = kwargs.get("training") or (args[2] if len(args) > 2 else None)
    told = isinstance(training, Const) and MODE in training.source
    if told and isinstance(rate, Const) and isinstance(rate.value, (int, float)) and rate.value > 0:
        p.minded = True
