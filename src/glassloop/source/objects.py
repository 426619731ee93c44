"""What the reader's own objects do when their methods are called: models, optimizers, schedulers, scalers, tensors."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from glassloop import events
from glassloop.events import MODEL
from glassloop.source import conditions
from glassloop.source.arithmetic import of_loss, through
from glassloop.source.attributes import freeze
from glassloop.source.backward import say_backward
from glassloop.source.chance import Generator, generator_method
from glassloop.source.containers import CONTAINERS
from glassloop.source.data import sampler_method
from glassloop.source.forms import after_layer, say_unnamed, squashed
from glassloop.source.ignite import Engine, Helper, engine_method
from glassloop.source.inside import look, say_inner_losses
from glassloop.source.lightning import LIGHTNING
from glassloop.source.marks import Output, Past
from glassloop.source.modes import calm, minds
from glassloop.source.optimizers import OPTIMIZER_METHODS, SCALER_METHODS, SCHEDULER_METHODS, STATES
from glassloop.source.owners import doubt, owners_within, restructured
from glassloop.source.past import fresh_graph, of_forward, of_results, past_of, remembers
from glassloop.source.player import Player
from glassloop.source.registering import unregistered
from glassloop.source.replacing import at_work, unheld
from glassloop.source.tensors import GRADIENT, PARAMETER, TENSOR
from glassloop.source.values import (
    NONE,
    Const,
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
    Stream,
    Super,
    Table,
    Tensor,
    Unknown,
    Value,
)
from glassloop.source.waiting import moved

At = tuple[ast.AST, Scope]
Args = list[Value]
Kwargs = dict[str, Value]
Method = Callable[[Player, Any, str, Args, Kwargs, At], Value]


def method_of(p: Player, me: Value, name: str, args: Args, kwargs: Kwargs, at: At) -> Value:
    """`me.name(*args)` of something the reader knows by itself."""
    for kind, table in METHODS:
        if isinstance(me, kind):
            handler = table.get(name) or table.get("*")
            if handler is not None:
                return handler(p, me, name, args, kwargs, at)
    return _unknown_method(p, me, name, args, kwargs, at)


def _unknown_method(p: Player, me: Value, name: str, args: Args, kwargs: Kwargs, at: At) -> Value:
    from glassloop.source.calls import unknown_call

    if isinstance(me, Unknown) and name in ("to", "cuda", "cpu", "item", "tolist"):
        p.remark("moved" if name in ("to", "cuda") else "read")
    if isinstance(me, Unknown) and name == "state_dict":
        return Unknown(("state", me.key))
    if isinstance(me, Unknown) and not args and not kwargs and name in ("step", "zero_grad", "unscale_"):
        p.opaque(at, None)  # some optimizer, scheduler or scaler: which one is unknown
        return Unknown(("call", conditions.site(*at)))
    form = squashed(p, name, [me, *args], at, kwargs)
    if form is not None:
        return Tensor(form=form)
    if isinstance(me, Unknown) and name in ("backward", "manual_backward"):
        scaled: dict[str, object] = {} if args else {"scaled": False}
        say_backward(p, args[0] if args else None, [], kwargs, at, **scaled)
        return NONE
    return unknown_call(p, me, args, kwargs, at)


def recognise(p: Player, me: Unknown, name: str, args: Args) -> Value:
    """An unknown thing that is used as only a model can be used is one from then on."""
    if (
        name in ("parameters", "named_parameters", "state_dict", "load_state_dict", "eval", "train", "modules")
        and len(args) <= 1
    ):
        if name in ("state_dict", "load_state_dict"):
            return me
        p.roles[me.key] = Module(p.ref(MODEL, "?"), training=None)
        return p.roles[me.key]
    return me


# --- models --------------------------------------------------------------------------------------------------------------


def forward(p: Player, m: Module, args: Args, kwargs: Kwargs, at: At) -> Value:
    """A call of a model or loss module; its own forward is not played, for only the outermost call is heard."""
    given = [*args, *kwargs.values()]
    if is_loss(m):
        return of_loss(p, m.kind.rsplit(".", 1)[-1], m.ref, args, kwargs, m.attrs, at)
    holders = p.holding({m})
    facts: dict[str, object] = {"grad": p.grad}
    if p.grad and all_frozen(m, holders):  # what it is given may carry a graph: a generator's picture
        facts["frozen"] = True
        pasts = [past_of(g) for g in given]
        facts["grad"] = any(past.graphs for past in pasts)
        if not facts["grad"] and not all(past.whole for past in pasts):
            del facts["grad"]
    if m.training is not None:
        facts["training"] = m.training
    if m.training and (name := minds(p, m, args)):
        facts["minds"] = name
    elif m.training is False and p.grad and calm(p, m):
        facts["minds"] = events.NOTHING
    at_work(p, (m,))
    if (p.replaced or p.copies) and (stale := unheld(p, m)) is not None:
        facts["unheld"] = stale
    if facts.get("grad") and p.optimizers and m.cls is not None:
        if m.ref.serial not in p.unregistered:
            p.unregistered[m.ref.serial] = unregistered(p, m)
        if places := p.unregistered[m.ref.serial]:
            facts["unregistered"] = places
    if told := tuple(v.value for v in given[1:] if isinstance(v, Const) and isinstance(v.value, (str, int))):
        facts["with"] = told
    if m.cls is not None and len(given) > 1 and p.program.gives_loss(m.cls.node):
        facts["scores"] = True
    if p.batches and _carried(p, m, given):
        facts["carries"] = True
    own = fresh_graph() if facts.get("grad") else frozenset()
    if own:
        facts[events.NODE] = min(own)
    p.say(events.FORWARD, at, m.ref, holders, **facts)
    say_unnamed(p, m, args)
    form = after_layer(p, m, args) or Output(m, tuple(args), m.training, ())
    if not p.grad:
        return Tensor(loose=True, past=Past(cut=p.where(*at), batch=p.batches), form=form)
    inputs = through(p, [g for g in given if isinstance(g, (Tensor, Seq, Table))])
    roots = None if inputs.roots is None else inputs.roots | {m} | _handed(m)
    past = of_forward(p, m, [past_of(g) for g in given], own)
    if m.cls is not None and p.program.gives_loss(m.cls.node):
        inside = look(p, m, tuple(args), m.training, kwargs, formed=True)
        if inside is not None:
            past = of_results(past, inside.results)
            say_inner_losses(p, inside)
    out = Tensor(roots, scaled=inputs.scaled, loose=not _single(m), past=past, form=form)
    if m.kind in SEVERAL:
        rest: list[Value] = [Tensor(roots, scaled=inputs.scaled, past=past) for _ in range(SEVERAL[m.kind] - 1)]
        return Seq([out, Seq(rest, frozen=True) if len(rest) > 1 else rest[0]], frozen=True)
    return out


def _handed(m: Module) -> frozenset[Any]:
    """What a backward reaches through tensors that were put on a model for its next forward: `decoder.hidden = state`."""
    if m.cls is None:
        return frozenset()
    put = [v.roots for v in m.attrs.values() if isinstance(v, Tensor) and not v.leaf and v.roots]
    return frozenset().union(*put) - owners_within(m) if put else frozenset()


# Layers that give a tuple: an output, and one state or two.
SEVERAL = {"torch.nn.LSTM": 3, "torch.nn.GRU": 2, "torch.nn.RNN": 2, "torch.nn.MultiheadAttention": 2}


def _single(m: Module) -> bool:
    """Whether all that a model gives carries a graph, if anything does: that of a layer, recurrent ones too."""
    library = m.cls is None and m.kind.startswith("torch.nn.")
    return library and all(_single(i) for i in (*m.items, *m.attrs.values()) if isinstance(i, Module))


def _carried(p: Player, m: Module, given: list[Value]) -> bool:
    """Whether something of an earlier batch goes into this one: a recurrent state."""
    earlier = (past_of(g).batch for g in given)
    return any(batch is not None and batch < p.batches for batch in earlier) or (m.cls is not None and remembers(m))


def all_frozen(m: Module, holders: tuple[Any, ...] | None) -> bool:
    """Whether no parameter of a model takes a gradient."""
    modules = [o for o in owners_within(m) if isinstance(o, Module)]
    return all(o.frozen for o in modules)


def is_loss(m: Module) -> bool:
    """A module of torch.nn.modules.loss, or the user's own that descends from one."""
    return m.ref.role == events.LOSS


def _mode(p: Player, m: Module, name: str, args: Args, kwargs: Kwargs, at: At) -> Value:
    flag: Value = args[0] if args else kwargs.get("mode", Const(name == "train"))
    c = conditions.truth(p, flag, at[0], at[1]) if name == "train" else False
    on = c if isinstance(c, bool) else conditions.choose(p, c, True)
    inside = [o for o in owners_within(m) if isinstance(o, Module)]
    for each in (m, *inside):
        each.training = on
    if not is_loss(m):
        refs = tuple(sorted({o.ref for o in inside if not is_loss(o)}))
        p.say(events.TRAIN_MODE if on else events.EVAL_MODE, at, m.ref, refs)
    return m


def _module_zero_grad(p: Player, m: Module, name: str, args: Args, kwargs: Kwargs, at: At) -> Value:
    holders = p.holding({m})
    facts = _part(p, m)
    open_to_all = p.window and not (p.window_asked or p.supposed or p.undecided or p.either)
    if open_to_all and any(o.guarded and holders == (o.ref,) for o in p.optimizers):
        facts[events.UNGUARDED] = True
    p.say(events.ZERO_GRAD, at, m.ref, holders, **facts)
    return NONE


def _part(p: Player, m: Module) -> dict[str, object]:
    """Whether clearing a model leaves gradients of its optimizer: those of other models, given to it as a whole."""
    holders = p.holding({m})
    held = next((o for o in p.optimizers if holders == (o.ref,)), None)
    owners = (held.owners or ()) if held is not None else ()
    roots = [r for r in owners if not (isinstance(r, Module) and all_frozen(r, None))]
    if not roots or not all(isinstance(r, Module) for r in roots):
        return {}
    within = owners_within(m)
    cleared = frozenset(r.ref.serial for r in roots if r in within)
    whole = frozenset(r.ref.serial for r in roots)
    return {events.PART: (cleared, whole)} if cleared and cleared != whole else {}


def _parameters(p: Player, m: Module, name: str, args: Args, kwargs: Kwargs, at: At) -> Value:
    return Params(frozenset({m}), named=name == "named_parameters")


def _freeze(p: Player, m: Module, name: str, args: Args, kwargs: Kwargs, at: At) -> Value:
    flag = args[0] if args else kwargs.get("requires_grad", Const(True))
    if isinstance(flag, Const) and (not p.undecided or flag.value):  # what may be thawed is not called frozen
        freeze(frozenset({m}), not flag.value)
    return m


def _move(p: Player, m: Module, name: str, args: Args, kwargs: Kwargs, at: At) -> Value:
    if not is_loss(m):
        moved(p, name, args, kwargs)
        p.say(events.TO_DEVICE, at, m.ref, ())
    return m


def _call_forward(p: Player, m: Module, name: str, args: Args, kwargs: Kwargs, at: At) -> Value:
    return forward(p, m, args, kwargs, at)


def _children(p: Player, m: Module, name: str, args: Args, kwargs: Kwargs, at: At) -> Value:
    if m.kind.endswith("ModuleDict"):
        pairs = [Seq([Const(k), v], frozen=True) for k, v in m.attrs.items()]
        return Seq(list(m.attrs.values())) if name in ("values", "children") else Seq(list(pairs))
    found = sorted((o for o in owners_within(m) if isinstance(o, Module)), key=lambda o: o.ref)
    exact = m.cls is not None
    if name.startswith("named"):
        return Seq([Seq([Unknown(("name", o.ref)), o], frozen=True) for o in found], exact)
    return Seq(list(found), exact) if name != "items" else Seq([Seq([Unknown(("name", o.ref)), o]) for o in found], exact)


def _keys(p: Player, m: Module, name: str, args: Args, kwargs: Kwargs, at: At) -> Value:
    return Seq([Const(k) for k in m.attrs], exact=m.kind.endswith("ModuleDict"))


def _append(p: Player, m: Module, name: str, args: Args, kwargs: Kwargs, at: At) -> Value:
    for a in args:
        if p.either:
            doubt(a)
        m.items.extend(a.items if isinstance(a, Seq) else [a])
    restructured(m)
    return m


def _self(p: Player, me: Value, name: str, args: Args, kwargs: Kwargs, at: At) -> Value:
    return me


def _nothing(p: Player, me: Value, name: str, args: Args, kwargs: Kwargs, at: At) -> Value:
    return Unknown(("call", conditions.site(*at)))


def _initialised(p: Player, me: Value, name: str, args: Args, kwargs: Kwargs, at: At) -> Value:
    return NONE


def _register(p: Player, m: Module, name: str, args: Args, kwargs: Kwargs, at: At) -> Value:
    if len(args) == 2:
        m.attrs[str(args[0].value) if isinstance(args[0], Const) else f"?{len(m.attrs)}"] = args[1]
        restructured(m)
    return NONE


# --- others ------------------------------------------------------------


def _replace(p: Player, v: Instance, name: str, args: Args, kwargs: Kwargs, at: At) -> Value:
    return Instance(v.cls, {**v.attrs, **kwargs}, v.open, v.key)


def _super_method(p: Player, s: Super, name: str, args: Args, kwargs: Kwargs, at: At) -> Value:
    return NONE


def _engine(p: Player, e: Engine, name: str, args: Args, kwargs: Kwargs, at: At) -> Value:
    return engine_method(p, e, name, args, kwargs, at)


MODULE: dict[str, Method] = {
    "train": _mode,
    "eval": _mode,
    "zero_grad": _module_zero_grad,
    "parameters": _parameters,
    "named_parameters": _parameters,
    "requires_grad_": _freeze,
    "forward": _call_forward,
    "__call__": _call_forward,
    "append": _append,
    "extend": _append,
    "add_module": _register,
    "register_module": _register,
    "register_parameter": _register,
    "register_buffer": _register,
    "__init__": _initialised,
    **dict.fromkeys(("to", "cuda", "cpu", "half", "float", "double", "bfloat16"), _move),
    "keys": _keys,
    **dict.fromkeys(("children", "modules", "named_modules", "named_children", "values", "items"), _children),
    **dict.fromkeys(("compile", "share_memory", "apply", "type"), _self),
    **dict.fromkeys(("buffers", "insert", "to_empty"), _nothing),
    **STATES,
    **LIGHTNING,
    **dict.fromkeys(("reset_parameters", "reset_running_stats"), _nothing),
}
METHODS: list[tuple[Any, dict[str, Method]]] = [
    (Module, MODULE),
    (Optimizer, OPTIMIZER_METHODS),
    (Scheduler, SCHEDULER_METHODS),
    (Scaler, SCALER_METHODS),
    (Tensor, TENSOR),
    (Params, PARAMETER),
    (Grad, GRADIENT),
    (Super, {"*": _super_method}),
    (Engine, {"*": _engine}),
    (Helper, {"*": _nothing}),
    (Instance, {"_replace": _replace}),
    (Loader, {"*": _nothing}),
    (Sampler, {"*": sampler_method}),
    (Generator, {"*": generator_method}),
    ((Seq, Table, Const, Stream), CONTAINERS),
]
__all__ = ["forward", "method_of", "recognise"]
