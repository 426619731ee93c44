"""Accelerate, Fabric, Lightning and Ignite are understood; DeepSpeed and Transformers run the loop themselves: opaque."""

from __future__ import annotations

import ast
from collections.abc import Callable

from glassloop import events
from glassloop.source.backward import say_backward
from glassloop.source.builtin import fresh
from glassloop.source.ignite import ignite
from glassloop.source.lightning import make_trainer
from glassloop.source.optimizers import owners_of
from glassloop.source.player import Player
from glassloop.source.values import NONE, Const, Context, Instance, Loader, Optimizer, Scope, Seq, Span, Unknown, Value

At = tuple[ast.AST, Scope]
Args = list[Value]
Kwargs = dict[str, Value]
KEEPERS = ("accelerate", "fabric")
STEPS = "gradient_accumulation_steps"
DIVIDES = "divides each loss"  # among what an Accelerator was told
DIVIDING = frozenset([STEPS, "gradient_accumulation_plugin", "deepspeed_plugin", "deepspeed_plugins", "**"])


def _accelerate(p: Player, path: str, args: Args, kwargs: Kwargs, at: At) -> Value:
    from glassloop.source.calls import unknown_call

    if path.endswith(".Accelerator"):
        told = {k: v for k, v in kwargs.items() if k == STEPS}
        if args or not DIVIDING.isdisjoint(kwargs):
            told[DIVIDES] = Const(True)
        return Instance(None, told, open=True, key=KEEPERS[0])
    return unknown_call(p, None, args, kwargs, at, harmless=path.endswith(("set_seed", "Config", "Plugin")))


def _lightning(p: Player, path: str, args: Args, kwargs: Kwargs, at: At) -> Value:
    from glassloop.source.calls import unknown_call

    if path.endswith(".Fabric"):
        return Instance(None, {}, open=True, key=KEEPERS[1])
    if path.endswith(".Trainer") and not args:
        return make_trainer(kwargs)
    return unknown_call(p, None, args, kwargs, at, harmless=path.endswith("seed_everything"))


def _opaque(p: Player, path: str, args: Args, kwargs: Kwargs, at: At) -> Value:
    from glassloop.source.calls import unknown_call

    return unknown_call(p, None, args, kwargs, at)


def _transformers(p: Player, path: str, args: Args, kwargs: Kwargs, at: At) -> Value:
    """The Trainer runs the loop itself; of its arguments two say what the lengths of schedules may be counted in."""
    from glassloop.source.loops import sources

    if path.endswith("TrainingArguments"):
        for name, counts in (("num_train_epochs", p.program.epoch_counts), ("max_steps", p.program.step_counts)):
            number = kwargs.get(name)
            if isinstance(number, Unknown) or (isinstance(number, Const) and isinstance(number.value, int)):
                counts |= sources(Span(Const(0), number))
    return _opaque(p, path, args, kwargs, at)


def is_keeper(v: Value) -> bool:
    """An Accelerator or a Fabric."""
    return isinstance(v, Instance) and v.key in KEEPERS


def keeper_method(p: Player, me: Instance, name: str, args: Args, kwargs: Kwargs, at: At) -> Value:
    """accelerator.prepare, fabric.backward and their like: the objects stay who they are."""
    from glassloop.source.calls import unknown_call

    if name in (
        "prepare",
        "setup",
        "setup_dataloaders",
        "setup_module",
        "setup_optimizers",
        "prepare_model",
        "unwrap_model",
    ):
        for loader in (a for a in args if isinstance(a, Loader)):
            if loader.sampler is not None:
                loader.sampler = Unknown(("sampler", loader.ref))  # they tell it the epoch themselves
        for optimizer in (a for a in args if isinstance(a, Optimizer)):
            optimizer.guarded = me.key == KEEPERS[0]
        return args[0] if len(args) == 1 else Seq(list(args), frozen=True)
    if name == "backward":
        # Whether it scales the loss is configured elsewhere: no word of it. Divided, it may be no mean any more.
        given: Args = [] if {DIVIDES, STEPS}.isdisjoint(me.attrs) else [Const(None)]
        say_backward(p, args[0] if args else None, given, kwargs, at)
        return NONE
    if name in ("clip_grad_norm_", "clip_grad_value_", "clip_gradients"):
        p.say(events.CLIP, at, None, p.holding(owners_of(args[0]) if args else None))
        return NONE
    if name == "autocast":
        return Context(autocast=True)
    if name == "accumulate":
        every = me.attrs.get(STEPS)
        return Context(window=isinstance(every, Const) and isinstance(every.value, int) and every.value > 1)
    if name in ("no_sync", "no_backward_sync", "local_main_process_first", "main_process_first"):
        return Context()
    if name in ("gather", "gather_for_metrics", "reduce", "pad_across_processes", "to_device", "all_gather"):
        return args[0] if args else NONE
    quiet = (
        "print",
        "log",
        "log_dict",
        "wait_for_everyone",
        "init_trackers",
        "end_training",
        "save_state",
        "save",
        "launch",
    )
    if name in quiet or name.startswith("is_"):
        return fresh(at)
    if name == "load_state":
        return NONE
    return unknown_call(p, me, args, kwargs, at)


FRAMEWORKS: dict[str, Callable[[Player, str, Args, Kwargs, At], Value]] = {
    "accelerate": _accelerate,
    "lightning": _lightning,
    "lightning_fabric": _lightning,
    "pytorch_lightning": _lightning,
    "transformers": _transformers,
    "deepspeed": _opaque,
    "ignite": ignite,
}
