"""What names of PyTorch and of a few other libraries do when they are called."""

from __future__ import annotations

import ast
from collections.abc import Callable

from glassloop import events
from glassloop.events import LOSS, MODEL, SCALER
from glassloop.source import conditions
from glassloop.source.arithmetic import follows, of_loss, operation, through
from glassloop.source.averages import averaged
from glassloop.source.backward import say_backward
from glassloop.source.builtin import BUILTINS, consumed, fresh, number_of
from glassloop.source.chance import CHANCE
from glassloop.source.checkpoints import CHECKPOINTS, mark_devices
from glassloop.source.data import DATA, foreign_loader, stored
from glassloop.source.forms import LAYERS, axis_of, judged, squashed, unnamed
from glassloop.source.frameworks import FRAMEWORKS
from glassloop.source.kit_words import kit_call
from glassloop.source.marks import BLANK, UNSURE
from glassloop.source.modes import functional, minding
from glassloop.source.optimizers import make_optimizer, owners_of
from glassloop.source.past import PRETRAINED, cut_off
from glassloop.source.player import Player
from glassloop.source.replacing import at_work, reallocated
from glassloop.source.schedules import is_scheduler, make_scheduler
from glassloop.source.stdlib import STDLIB, copy_of, deepcopy, leave, parser, progress, trange
from glassloop.source.strings import text_of
from glassloop.source.tensors import by_hand
from glassloop.source.values import (
    NONE,
    PACKED,
    Const,
    Context,
    External,
    Grad,
    Module,
    Optimizer,
    Params,
    Scaler,
    Scope,
    Seq,
    Table,
    Tensor,
    Unknown,
    Value,
)
from glassloop.source.waiting import device
from glassloop.source.words import ALONE, FACTORIES, HARMLESS, WRAPPERS

At = tuple[ast.AST, Scope]
Args = list[Value]
Kwargs = dict[str, Value]

OPTIONS = frozenset(["reduction", "size_average", "reduce"])  # of a loss
COPIES = frozenset(["tensor", "as_tensor", "from_numpy", "Variable"])  # of numbers: no graph goes through them
KNOWN_LIBRARIES = tuple(f"{name}." for name in HARMLESS)
OTHER_OPTIMIZERS = (
    "transformers.AdamW",
    "transformers.optimization.",
    "bitsandbytes.optim.",
    "lion_pytorch.",
    "torch_optimizer.",
)


def call_library(p: Player, path: str, args: Args, kwargs: Kwargs, at: At) -> Value:
    """A call of a library's name, by its dotted path."""
    last = path.rsplit(".", 1)[-1]
    if path.startswith("builtins."):
        if last == "str" and (text := text_of(args, kwargs)) is not None:
            return text
        handler = BUILTINS.get(last)
        if handler is not None:
            made = handler(p, args, kwargs, at)
            return follows(p, made, args) if last in ("str", "repr", "format", "int") else made
    if p.copies:
        at_work(p, [v for v in p.reachable([*args, *kwargs.values()]) if not isinstance(v, Optimizer)])
    for name in (path, last):
        if name in EXACT and (name == path or name in ANYWHERE):
            return EXACT[name](p, args, kwargs, at)
    if is_scheduler(path):
        return make_scheduler(p, path, args, kwargs, at)
    if path.startswith(("torch.", "torch_geometric.")):
        return _torch(p, path, last, args, kwargs, at)
    if path.startswith(OTHER_OPTIMIZERS) and last[:1].isupper():
        return make_optimizer(p, last, args, kwargs, at)
    if path.startswith("glassloop.kit."):
        return kit_call(p, path, args, kwargs, at)
    if _is_pretrained(path):
        return Module(p.ref(MODEL, last), kind=PRETRAINED, training=False, minds=minding(path, args, kwargs))
    if path.split(".")[0] in FRAMEWORKS:
        return FRAMEWORKS[path.split(".")[0]](p, path, args, kwargs, at)
    return _other(p, path, last, args, kwargs, at)


def _is_pretrained(path: str) -> bool:
    pretrained = path.startswith("transformers.") and path.endswith(".from_pretrained")
    return pretrained and not any(w in path for w in ("okenizer", "rocessor", "onfig", "xtractor"))


def _other(p: Player, path: str, last: str, args: Args, kwargs: Kwargs, at: At) -> Value:
    from glassloop.source.calls import unknown_call

    p.strange = p.strange or not path.startswith(("builtins.", *KNOWN_LIBRARIES))

    pretrained = last == "from_pretrained" and not any(w in path for w in ("okenizer", "rocessor", "onfig"))
    if pretrained or path.startswith(("torchvision.models.", "timm.create_model", "segmentation_models_pytorch.")):
        return Module(p.ref(MODEL, last), training=not pretrained, minds=minding(path, args, kwargs))
    if path.startswith(("torchvision.datasets.", "torchaudio.datasets.")) and last[:1].isupper():
        return stored(p, at)
    if args and isinstance(args[0], Params) and "lr" in kwargs:
        return make_optimizer(p, last, args, kwargs, at)
    args = [consumed(p, a, at) for a in args]
    harmless = path.split(".")[0] in HARMLESS and not path.startswith("builtins.")
    made = unknown_call(p, None, args, kwargs, at, harmless or last in ("isfinite", "isnan"))
    if path.split(".")[0] in ALONE and path != "tempfile.gettempdir" and isinstance(made, Unknown):
        p.group.made_of.pop(made.key, None)
    return made


def _torch(p: Player, path: str, last: str, args: Args, kwargs: Kwargs, at: At) -> Value:
    if path in conditions.GRAD_CONTEXTS:
        return Context(conditions.GRAD_CONTEXTS[path])
    if path.startswith("torch.optim.") and last[:1].isupper() and "swa_utils" not in path:
        return make_optimizer(p, last, args, kwargs, at)
    if path in ("torch.nn.utils.weight_norm", "torch.nn.utils.parametrizations.weight_norm") and args:
        if isinstance(args[0], Module):
            reallocated(p, args[0], at)
        return args[0]
    if last in ("pack_padded_sequence", "pack_sequence"):
        return Table({"data": operation(p, last, args, kwargs, at)}, exact=False, key=PACKED)
    if path in WRAPPERS:
        mark_devices(p, kwargs)
        return args[0] if args else fresh(at)
    if path.startswith("torch.nn.functional."):
        return _functional(p, last, args, kwargs, at)
    if path.startswith("torch.nn.") and ".utils." not in path and ".init." not in path and last[:1].isupper():
        return _layer(p, path, last, args, kwargs, at)
    if path.startswith("torch.optim.swa_utils.AveragedModel"):
        return copy_of(p, args)
    if (last in FACTORIES and path.count(".") == 1) or path == "torch.autograd.Variable":
        return _factory(p, last, args, kwargs, at)
    form = squashed(p, last, args or [kwargs.get("input", NONE)], at, kwargs)
    tensors: list[Value] = [v for v in (*args, *kwargs.values()) if isinstance(v, (Tensor, Seq, Table))]
    if (
        path.startswith(("torch.cuda.", "torch.backends.", "torch.distributed.", "torch.utils.", "torch.manual_seed"))
        or not tensors
    ):
        if form is not None:
            return Tensor(form=form)
        if path.startswith("torch.distributed."):  # every process gets the same answer, but for its own rank
            return follows(p, fresh(at), [*args, *kwargs.values()])
        return Tensor(loose=True) if path.count(".") == 1 and tensors else fresh(at)
    if last in ("Categorical", "OneHotCategorical", "multinomial"):
        judged(p, kwargs.get("probs", kwargs.get("logits", args[0] if args else None)), at)
    return operation(p, last, args, kwargs, at)


def _functional(p: Player, last: str, args: Args, kwargs: Kwargs, at: At) -> Value:
    if last.endswith("_loss") or "cross_entropy" in last or last in ("kl_div",):
        return of_loss(p, last, None, args, {k: v for k, v in kwargs.items() if k not in OPTIONS}, kwargs, at)
    functional(p, last, args, kwargs)
    if last in ("softmax", "log_softmax") and len(args) < 2 and not {"dim", "**"} & set(kwargs):
        unnamed(p, at)
    return operation(p, last, args, kwargs, at)


def _layer(p: Player, path: str, last: str, args: Args, kwargs: Kwargs, at: At) -> Value:
    if last in ("Parameter", "UninitializedParameter"):
        return Tensor(leaf=True)
    if last.endswith("Loss"):
        options = {k: v for k, v in kwargs.items() if k in OPTIONS}
        return Module(p.ref(LOSS, last), attrs=options, kind=path, frozen=True)
    items = args[0].items if len(args) == 1 and isinstance(args[0], Seq) else args
    if len(args) == 1 and isinstance(args[0], Table):
        return Module(p.ref(MODEL, last), kind=path, attrs={str(k): v for k, v in args[0].items.items()})
    kinds = (Module, Tensor, Params) if last == "ParameterList" else (Module, Tensor)
    children = [i for i in items if isinstance(i, kinds)]
    made = p.where(*at) if last in LAYERS else None
    axis = axis_of(args[0] if args else None, kwargs) if "Softmax" in last else None
    if last in ("Softmax", "LogSoftmax") and not args and not kwargs:
        unnamed(p, at)
    odd = last == "Sequential" and len(children) < len(items)
    minds = minding(path, args, kwargs)
    size = args[1] if len(args) > 1 else kwargs.get("out_features")
    attrs = {"out_features": size} if last == "Linear" and size is not None else {}
    ref = p.ref(MODEL, last)
    return Module(ref, None, attrs, kind=path, items=list(children), made=made, axis=axis, minds=minds, doubtful=odd)


def _factory(p: Player, last: str, args: Args, kwargs: Kwargs, at: At) -> Value:
    flag = kwargs.get("requires_grad")
    size = args[0] if args else kwargs.get("size")
    if last == "randint" and len(args) > 1:
        size = args[2] if len(args) > 2 else args[1]
    if last == "linspace" and len(args) > 2:
        size = args[2]
    if isinstance(size, Seq) and size.items and last not in ("tensor", "as_tensor"):
        size = size.items[0]
    length = size.value if isinstance(size, Const) and isinstance(size.value, int) else None
    if isinstance(size, Seq) and size.exact:
        length = len(size.items)
    if last == "as_tensor" and args and isinstance(args[0], Tensor):
        return args[0]
    past = cut_off(p, args[0], at) if last in COPIES and args else BLANK
    past = past._replace(whole=True) if last != "Variable" else past  # a new tensor, whatever it was made of
    sizes = args[0].items if args and isinstance(args[0], Seq) else args
    several = last in ("randn", "rand", "zeros", "ones") and len(sizes) > 1
    return Tensor(length=length, several=several, leaf=isinstance(flag, Const) and bool(flag.value), past=past)


def _mean_of(p: Player, args: Args, kwargs: Kwargs, at: At) -> Value:
    if len(args) == 1 and "weights" not in kwargs:
        averaged(p, args[0], at)
    return number_of(args, at)


def _scaler(p: Player, args: Args, kwargs: Kwargs, at: At) -> Value:
    flag = kwargs.get("enabled")
    made = Scaler(p.ref(SCALER, "GradScaler"), not (isinstance(flag, Const) and not flag.value))
    if made.enabled:
        p.say(events.MADE, at, made.ref, ())
    return made


def _clip(p: Player, args: Args, kwargs: Kwargs, at: At) -> Value:
    given = args[0] if args else kwargs.get("parameters")
    limit = args[1] if len(args) > 1 else kwargs.get("max_norm", kwargs.get("clip_value", NONE))
    endless = isinstance(limit, Const) and limit.value == float("inf")  # only measures the norm
    if not endless and not (isinstance(limit, External) and limit.path.endswith(".inf")):
        p.say(events.CLIP, at, None, p.holding(owners_of(given)))
    return Tensor()


def _rescaled(p: Player, args: Args, kwargs: Kwargs, at: At) -> Value:
    """torch._foreach_mul_ and its like, of gradients."""
    given = args[0] if args else NONE
    grads = [item for item in given.items if isinstance(item, Grad)] if isinstance(given, Seq) else []
    for grad in grads[:1]:
        by_hand(p, events.RESCALED, grad.owners, at)
    return Tensor()


def _set_grad_enabled(p: Player, args: Args, kwargs: Kwargs, at: At) -> Value:
    from glassloop.source.statements import set_grad

    c = conditions.truth(p, args[0], at[0], at[1]) if args else True
    before = p.grad
    set_grad(p, c if isinstance(c, bool) else conditions.choose(p, c, True), at)
    return Context(None, before)


def _autograd_grad(p: Player, args: Args, kwargs: Kwargs, at: At) -> Value:
    out = through(p, args[:1] or [kwargs.get("outputs", NONE)])
    p.say(events.BACKWARD, at, None, (), graphs=out.past.graphs)
    create = kwargs.get("create_graph")
    kept = isinstance(create, Const) and bool(create.value)
    return Tensor(out.roots if kept else frozenset(), loose=True, past=out.past if kept else UNSURE)


def _autograd_backward(p: Player, args: Args, kwargs: Kwargs, at: At) -> Value:
    given = through(p, args[:1])
    given.past = given.past._replace(mean=args[0].past.mean if args and isinstance(args[0], Tensor) else None)
    facts: dict[str, object] = {} if given.scaled is None else {"scaled": given.scaled}
    say_backward(p, given, args[1:], kwargs, at, **facts)
    return NONE


def _context(p: Player, args: Args, kwargs: Kwargs, at: At) -> Value:
    return Context()


def _autocast(p: Player, args: Args, kwargs: Kwargs, at: At) -> Value:
    p.remark("autocast")
    flag = kwargs.get("enabled")
    return Context(autocast=not (isinstance(flag, Const) and not flag.value))


# Under any module path: libraries re-export these names.
ANYWHERE: dict[str, Callable[[Player, Args, Kwargs, At], Value]] = {
    "DataLoader": foreign_loader,
    "GradScaler": _scaler,
    "clip_grad_norm_": _clip,
    "clip_grad_norm": _clip,
    "clip_grads_with_norm_": _clip,
    "clip_grad_value_": _clip,
    "tqdm": progress,
    "tqdm_notebook": progress,
    "trange": trange,
    "autocast": _autocast,
    "deepcopy": deepcopy,
    "_exit": leave,
    "ArgumentParser": parser,
}
EXACT: dict[str, Callable[[Player, Args, Kwargs, At], Value]] = {
    **ANYWHERE,
    **DATA,
    **CHECKPOINTS,
    **CHANCE,
    **STDLIB,
    "torch.device": device,
    **dict.fromkeys(("numpy.mean", "numpy.average", "statistics.mean", "statistics.fmean"), _mean_of),
    "torch._foreach_mul_": _rescaled,
    "torch._foreach_div_": _rescaled,
    "torch.set_grad_enabled": _set_grad_enabled,
    "torch.autograd.set_grad_enabled": _set_grad_enabled,
    "torch.autograd.grad": _autograd_grad,
    "torch.autograd.backward": _autograd_backward,
    "rich.progress.track": progress,
    "tqdm.auto.tqdm": progress,
    "contextlib.nullcontext": _context,
}
__all__ = ["call_library"]
