"""Attributes: reading them, and what setting them says (a gradient set to None, a parameter frozen)."""

from __future__ import annotations

import ast
import dataclasses
from typing import Any

from glassloop import events
from glassloop.events import MODEL
from glassloop.source.arithmetic import BATCH_SIZE
from glassloop.source.chance import Generator
from glassloop.source.forms import within
from glassloop.source.keeping import replaced, say_drawn
from glassloop.source.lightning import LIGHTNING, is_lightning
from glassloop.source.marks import Output
from glassloop.source.owners import doubt, owners_in, restructured
from glassloop.source.past import cut_off, item_of
from glassloop.source.player import Player
from glassloop.source.registering import kept
from glassloop.source.replacing import at_work, bound_again, put_in, shares_fate
from glassloop.source.values import (
    MODE,
    NONE,
    PACKED,
    Bound,
    ClassValue,
    Const,
    External,
    Function,
    Grad,
    Instance,
    Loader,
    Module,
    Optimizer,
    Params,
    Sampler,
    Scaler,
    Scheduler,
    Scope,
    Seq,
    Space,
    Super,
    Table,
    Tensor,
    Unknown,
    Value,
)
from glassloop.source.walk import walk

At = tuple[ast.AST, Scope]
KNOWN = (Optimizer, Scheduler, Scaler, Loader, Sampler, Generator)
# What layers were told when they were made.
SETTINGS = frozenset(
    "in_features out_features in_channels out_channels num_features hidden_size embedding_dim num_embeddings kernel_size "
    "stride padding p eps momentum num_layers input_size".split()
)
OF_EVERY_MODULE = ("parameters", "modules", "children", "buffers")  # its methods that people name attributes after
# Methods of every nn.Module: reading one gives a bound method, never a child.
MODULE_METHODS = frozenset(
    "parameters named_parameters children modules named_modules named_children buffers train eval zero_grad to cuda "
    "cpu half float double bfloat16 apply state_dict load_state_dict requires_grad_ register_buffer "
    "register_parameter add_module register_module forward share_memory compile append extend items values keys "
    "insert __call__ to_empty type reset_parameters reset_running_stats".split()
)


def attribute(p: Player, v: Value, name: str, at: At) -> Value:
    """`v.name`."""
    if p.copies and (isinstance(v, (Module, Params, Tensor)) or name == "param_groups"):
        at_work(p, (v,))
    if isinstance(v, External):
        return External(f"{v.path}.{name}")
    if isinstance(v, Space):
        return v.scope.vars.get(name, Unknown(("member", v.scope.path, name)))
    if isinstance(v, (Instance, Module)):
        return _of_object(p, v, name, at)
    if isinstance(v, Super):
        return _of_super(p, v, name, at)
    if isinstance(v, ClassValue):
        found = v.find(name) if name != "__name__" else Const(v.name)
        return _bind(p, found, None, at) if found is not None else Unknown(("class", id(v.node), name))
    if isinstance(v, Unknown):
        if name not in v.facts:
            v.facts[name] = Unknown(("attr", v.key, v.plus, name), plain=v.plain)
        return v.facts[name]
    return _of_known(p, v, name, at)


def _of_known(p: Player, v: Value, name: str, at: At) -> Value:
    if isinstance(v, Tensor):
        return _of_tensor(p, v, name, at)
    if isinstance(v, Params):
        if name in ("grad", "_grad"):
            return Grad(v.owners, v.whole)
        return Const(True) if name == "requires_grad" else v if name == "data" else Bound(v, name)
    if isinstance(v, Grad):
        return v if name == "data" else Bound(v, name)
    if isinstance(v, Table) and v.key == PACKED and name in v.items:
        return v.items[name]
    if isinstance(v, (Optimizer, Scheduler)) and name in v.attrs:
        return v.attrs[name]
    if isinstance(v, Optimizer):
        if name == "param_groups":
            return Seq([Table({"params": Params(v.owners)}, exact=False, key=("group", v.ref))])
        if name in ("optimizer", "_optimizer"):
            return v  # a wrapper shares the Ref of what it wraps
        if v.cls is not None and (found := v.cls.find(name)) is not None:
            return _bind(p, found, v, at)
    if isinstance(v, Scheduler) and name == "optimizer" and v.optimizer is not None:
        return v.optimizer
    if isinstance(v, Loader) and name == "dataset" and v.dataset is not None:
        return v.dataset
    if isinstance(v, Loader) and name in ("sampler", "batch_sampler") and v.sampler is not None:
        return v.sampler
    if isinstance(v, (*KNOWN, Seq, Table, Const)):
        return Bound(v, name)
    return Unknown(("attr", id(v), name))


def _of_tensor(p: Player, v: Tensor, name: str, at: At) -> Value:
    if name == "grad":
        return Grad(frozenset({v}) if v.leaf else v.roots)
    if name == "data":
        p.remark("detached")
        return Tensor(length=v.length, past=cut_off(p, v, at), form=v.form)
    if name in ("shape", "dtype", "device", "ndim"):
        return Unknown(("attr", id(v), name), frozenset({BATCH_SIZE}) if name == "shape" else frozenset(), plain=True)
    if name == "indices" and v.past.pair:
        return Tensor(past=cut_off(p, v, at))
    # Of what a model gave, an attribute may be anything: its loss, its logits, what it counted.
    form = v.form if name in ("T", "mT", "real") else within(v.form, name) if isinstance(v.form, Output) else None
    past, loose, count = item_of(p, v, Const(name))
    return several(Tensor(v.roots, scaled=v.scaled, loose=loose, past=past, form=form), count)


def several(t: Tensor, count: int) -> Value:
    """So many of a kind, as a tuple; of none, itself."""
    if not count:
        return t
    return Seq([dataclasses.replace(t, loose=False, form=within(t.form, i)) for i in range(count)], frozen=True)


def _of_object(p: Player, v: Instance | Module, name: str, at: At) -> Value:
    if name in OF_EVERY_MODULE and isinstance(v, Module) and isinstance(v.attrs.get(name), Module):
        return Bound(v, name)  # what PyTorch registers is only asked for where there is no method of that name
    if name in v.attrs:
        return v.attrs[name]
    found = v.cls.find(name) if v.cls is not None else None
    if found is not None:
        return _bind(p, found, v, at)
    if name == "__class__" and v.cls is not None:
        return v.cls
    if isinstance(v, Module):
        return of_module(p, v, name)
    if name == "_replace":
        return Bound(v, name)
    if v.key in ("accelerate", "fabric"):
        return _last_of_window(p, at) if name == "sync_gradients" else Unknown((v.key, name))
    if name == "__dict__":
        return Table(v.attrs)
    v.attrs[name] = Unknown(("attr", v.key if v.key is not None else id(v), name))
    return v.attrs[name]


def _last_of_window(p: Player, at: At) -> Value:
    """Whether this batch comes to a step: every batch that is played does. What stands under it is guarded."""
    tested = (n.test for n in walk(p.program.texts[at[1].path].tree) if isinstance(n, ast.If))
    if any(test is at[0] for test in tested):
        p.answered += 1
    else:
        p.window_asked = True
    return Const(True)


def of_module(p: Player, v: Module, name: str) -> Value:
    """What a model has by a name that nobody was seen to set."""
    if name == "training":
        return Const(v.training, frozenset({MODE})) if v.training is not None else Unknown(("training", v.ref))
    if name in MODULE_METHODS or name.startswith("__") or (name in LIGHTNING and is_lightning(v)):
        return Bound(v, name)
    if name in ("module", "_orig_mod"):
        return v  # what wraps a model is the model
    if name in ("weight", "bias") and v.cls is None:
        v.attrs[name] = Tensor(leaf=True)
        shares_fate(p, v, v.attrs[name])
        restructured(v)
        return v.attrs[name]
    if name == "_modules":
        return Table(v.attrs)
    if name in SETTINGS and v.kind.startswith("torch.nn."):
        return Unknown(("attr", v.ref, name))
    library = v.cls is None or any(not r.endswith("nn.Module") for r in v.cls.roots())
    if library and not name.startswith("_"):
        v.attrs[name] = Module(p.ref(MODEL, name), training=v.training, frozen=v.frozen)
        shares_fate(p, v, v.attrs[name])
        restructured(v)
    else:
        v.attrs[name] = Unknown(("attr", v.ref, name))
    return v.attrs[name]


def _of_super(p: Player, v: Super, name: str, at: At) -> Value:
    for base in v.cls.bases:
        found = base.find(name) if isinstance(base, ClassValue) else None
        if found is not None:
            return _bind(p, found, v.me, at)
    if isinstance(v.me, Module):
        return Bound(v.me, name)
    return Bound(v, name)


def _bind(p: Player, found: Value, me: Value | None, at: At) -> Value:
    from glassloop.source.calls import call

    if isinstance(found, Function):
        if me is None or isinstance(found.node, ast.Lambda):
            return found
        return Function(found.node, found.scope, me, found.owner, found.defaults, found.contexts)
    if isinstance(found, Table) and isinstance(found.key, tuple) and found.key[0] == "decorated":
        inner = found.items["function"]
        if found.key[1] == "staticmethod" or not isinstance(inner, Function):
            return inner
        bound = _bind(p, inner, me if found.key[1] != "classmethod" else _class_of(me, inner), at)
        if found.key[1] in ("property", "cached_property") and me is not None:
            return call(p, bound, [], {}, at)
        return Table({**found.items, "function": bound}, key=found.key) if found.key[1] == "contextmanager" else bound
    return found


def _class_of(me: Value | None, inner: Function) -> Value | None:
    return me.cls if isinstance(me, (Instance, Module)) else inner.owner


def set_attribute(p: Player, v: Value, name: str, value: Value, at: At) -> None:
    """`v.name = value`."""
    if p.either:
        doubt(value)
    say_drawn(p, value, at)
    if isinstance(v, (Params, Tensor)):
        at_work(p, (v,))
        _set_parameter(p, v, name, value, at)
    elif isinstance(v, (Instance, Module)):
        replaced(p, v.attrs.get(name), value, at)
        if isinstance(v, Module):
            put_in(p, v, v.attrs.get(name), value, at)
            kept(p, v, name, value, at)
        else:
            bound_again(p, v.attrs.get(name), value, at)
        old, v.attrs[name] = v.attrs.get(name), value
        restructured(old, value)
        if isinstance(v, Module) and name == "training" and isinstance(value, Const):
            v.training = bool(value.value)
    elif isinstance(v, (Optimizer, Scheduler)):
        v.attrs[name] = value
    elif isinstance(v, Unknown):
        v.facts[name] = value
    elif isinstance(v, Space):
        v.scope.vars[name] = value
    elif isinstance(v, ClassValue):
        v.attrs[name] = value
    elif isinstance(v, Grad) and name == "data" and (holders := p.holding(v.owners)) != ():
        p.say(events.RESCALED, at, None, holders)


def _set_parameter(p: Player, v: Params | Tensor, name: str, value: Value, at: At) -> None:
    owners = v.owners if isinstance(v, Params) else (frozenset({v}) if v.leaf else v.roots)
    if name == "requires_grad":
        p.remark("frozen")
        meant = not p.undecided or (isinstance(value, Const) and value.value)  # what may be thawed is not called frozen
        if isinstance(v, Params) and v.whole and not v.named and meant and isinstance(value, Const):
            freeze(owners, not value.value)
        elif isinstance(v, Tensor) and isinstance(value, Const) and value.value:
            require_grad(v)
    elif name in ("grad", "_grad"):
        cleared = isinstance(value, Const) and value.value is None
        if not cleared and all(e.kind != events.BACKWARD for e in p.events):
            p.given_grads |= owners_in(owners)
        holders = p.holding(owners)
        if holders != ():
            p.say(events.ZERO_GRAD if cleared else events.OPAQUE, at, None, holders)


def require_grad(t: Tensor) -> None:
    """`t.requires_grad = True`: a tensor with a graph has it already, one without becomes the beginning of one."""
    if t.roots is not None and not t.roots and not t.past.graphs:
        t.leaf = True
        restructured(t)


def freeze(owners: frozenset[Any] | None, frozen: bool) -> None:
    """Parameters that take no gradient, or take it again."""
    for owner in owners_in(owners):
        if isinstance(owner, Module):
            owner.frozen = frozen


__all__ = ["NONE", "attribute", "freeze", "require_grad", "set_attribute"]
