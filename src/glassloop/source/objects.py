"""What the reader's own objects do when their methods are called: models, optimizers, schedulers, scalers, tensors."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable
from typing import Any

from glassloop import events
from glassloop.events import MODEL, OPTIMIZER, SCHEDULER
from glassloop.source import conditions
from glassloop.source.arithmetic import of_loss, through
from glassloop.source.attributes import freeze
from glassloop.source.backward import say_backward
from glassloop.source.checkpoints import load_state_dict, state_dict
from glassloop.source.containers import CONTAINERS
from glassloop.source.data import sampler_method
from glassloop.source.forms import after_layer, squashed
from glassloop.source.modes import minds
from glassloop.source.past import of_forward, past_of
from glassloop.source.player import Player
from glassloop.source.tensors import GRADIENT, PARAMETER, TENSOR
from glassloop.source.values import (
    NONE,
    Const,
    Function,
    Grad,
    Instance,
    Loader,
    Module,
    Optimizer,
    Params,
    Partial,
    Past,
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
    doubt,
    owners_within,
)

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
    form = squashed(p, name, [me], at)
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
    facts: dict[str, object] = {"grad": p.grad and not all_frozen(m, holders)}
    if m.training is not None:
        facts["training"] = m.training
    if m.training and (name := minds(p, m, args)):
        facts["minds"] = name
    p.say(events.FORWARD, at, m.ref, holders, **facts)
    form = after_layer(p, m, args)
    if not p.grad:
        return Tensor(loose=True, past=Past(cut=p.where(*at)), form=form)
    inputs = through(p, [g for g in given if isinstance(g, (Tensor, Seq, Table))])
    roots = None if inputs.roots is None else inputs.roots | {m}
    past = of_forward(m, [past_of(g) for g in given], bool(facts["grad"]))
    return Tensor(roots, scaled=inputs.scaled, loose=True, past=past, form=form)


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
    p.say(events.ZERO_GRAD, at, m.ref, p.holding({m}))
    return NONE


def _parameters(p: Player, m: Module, name: str, args: Args, kwargs: Kwargs, at: At) -> Value:
    return Params(frozenset({m}), named=name == "named_parameters")


def _freeze(p: Player, m: Module, name: str, args: Args, kwargs: Kwargs, at: At) -> Value:
    flag = args[0] if args else kwargs.get("requires_grad", Const(True))
    if isinstance(flag, Const) and not p.undecided:
        freeze(frozenset({m}), not flag.value)
    return m


def _move(p: Player, m: Module, name: str, args: Args, kwargs: Kwargs, at: At) -> Value:
    if not is_loss(m):
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
    return m


def _self(p: Player, me: Value, name: str, args: Args, kwargs: Kwargs, at: At) -> Value:
    return me


def _nothing(p: Player, me: Value, name: str, args: Args, kwargs: Kwargs, at: At) -> Value:
    return Unknown(("call", conditions.site(*at)))


def _initialised(p: Player, me: Value, name: str, args: Args, kwargs: Kwargs, at: At) -> Value:
    return NONE


def _register(p: Player, m: Module, name: str, args: Args, kwargs: Kwargs, at: At) -> Value:
    if len(args) == 2 and isinstance(args[0], Const):
        m.attrs[str(args[0].value)] = args[1]
    return NONE


# --- optimizers and schedulers ------------------------------------------------------------


def owners_of(v: Value | None) -> frozenset[Any] | None:
    """Whose parameters an optimizer (or a clip) is given."""
    if isinstance(v, Params):
        return v.owners
    if isinstance(v, Module):
        return frozenset({v})
    if isinstance(v, Tensor):
        return frozenset({v}) if v.leaf else v.roots or None
    parts: Iterable[Value] = ()
    if isinstance(v, Seq) and (v.exact or v.items):
        parts = v.items
    elif isinstance(v, Table):
        parts = [v.items["params"]] if "params" in v.items else list(v.items.values())
    owners: frozenset[Any] = frozenset()
    for part in parts:
        more = owners_of(part)
        if more is None:
            return None
        owners |= more
    return owners or None


def make_optimizer(p: Player, label: str, args: Args, kwargs: Kwargs, at: At) -> Optimizer:
    """torch.optim.X(params)."""
    given = args[0] if args else kwargs.get("params")
    made = Optimizer(p.ref(OPTIMIZER, label), owners_of(given))
    announce_optimizer(p, made, at)
    return made


def announce_optimizer(p: Player, made: Optimizer, at: At) -> None:
    """It is there from now on."""
    p.optimizers.append(made)
    p.say(events.MADE, at, made.ref, ())


def sharing(p: Player, o: Optimizer) -> tuple[Any, ...]:
    """The optimizer, and others that hold some of its parameters."""
    others = (p.holding(o.owners) or ()) if o.owners else ()
    return (o.ref, *(r for r in others if r != o.ref))


def _optimizer_step(p: Player, o: Optimizer, name: str, args: Args, kwargs: Kwargs, at: At) -> Value:
    step_optimizer(p, o, args, kwargs, at)
    return Tensor()


def step_optimizer(p: Player, o: Optimizer, args: Args, kwargs: Kwargs, at: At, by: Scaler | None = None) -> None:
    """A closure is played first; the event comes after the update."""
    from glassloop.source.calls import call

    closure = args[0] if args else kwargs.get("closure")
    if isinstance(closure, (Function, Partial)):
        grad, p.grad = p.grad, True
        call(p, closure, [], {}, at)
        p.grad = grad
    facts: dict[str, object] = {} if by is None else {events.BY: by.ref}
    p.say(events.STEP, at, o.ref, sharing(p, o), closure=closure is not None, **facts)


def _optimizer_zero_grad(p: Player, o: Optimizer, name: str, args: Args, kwargs: Kwargs, at: At) -> Value:
    p.say(events.ZERO_GRAD, at, o.ref, sharing(p, o))
    return NONE


def _add_group(p: Player, o: Optimizer, name: str, args: Args, kwargs: Kwargs, at: At) -> Value:
    more = owners_of(args[0]) if args else None
    o.owners = None if o.owners is None or more is None else o.owners | more
    return NONE


def _schedule(p: Player, s: Scheduler, name: str, args: Args, kwargs: Kwargs, at: At) -> Value:
    of = (s.optimizer.ref,) if s.optimizer is not None else None
    facts: dict[str, object] = {}
    for depth, entry in enumerate(p.loops):
        counts = not entry[0].isdisjoint(s.counts) and s.unit == "epochs"
        # A plateau counts what the loop around the loop over the data turns through.
        plateau = s.unit == "evaluations" and depth == s.depth and any(e[2] for e in p.loops[depth + 1 :])
        if counts or plateau:
            facts["turn"] = (depth, entry[1])
            if len(entry) > 4:  # a `for`: a run can look where it stands
                facts["loop"] = entry[4]
            break
    p.say(events.SCHEDULE, at, s.ref, of, **facts)
    return NONE


# --- scalers ------------------------------------------------------------


def _scale(p: Player, s: Scaler, name: str, args: Args, kwargs: Kwargs, at: At) -> Value:
    given = args[0] if args else NONE
    if s.enabled:
        p.say(events.SCALE, at, s.ref, ())
    if isinstance(given, Tensor):
        return Tensor(given.roots, scaled=given.scaled or s.enabled, loose=given.loose, past=given.past)
    return Tensor(None, scaled=s.enabled)


def _unscale(p: Player, s: Scaler, name: str, args: Args, kwargs: Kwargs, at: At) -> Value:
    if s.enabled:
        o = args[0] if args else NONE
        p.say(events.UNSCALE, at, s.ref, sharing(p, o) if isinstance(o, Optimizer) else None)
    return NONE


def _scaler_step(p: Player, s: Scaler, name: str, args: Args, kwargs: Kwargs, at: At) -> Value:
    o = args[0] if args else NONE
    if isinstance(o, Optimizer):
        step_optimizer(p, o, args[1:], kwargs, at, s if s.enabled else None)
    else:
        p.opaque(at, None)
    return NONE


def _scaler_update(p: Player, s: Scaler, name: str, args: Args, kwargs: Kwargs, at: At) -> Value:
    if s.enabled:
        p.say(events.SCALER_UPDATE, at, s.ref, ())
    return NONE


def _replace(p: Player, v: Instance, name: str, args: Args, kwargs: Kwargs, at: At) -> Value:
    return Instance(v.cls, {**v.attrs, **kwargs}, v.open, v.key)


def _super_method(p: Player, s: Super, name: str, args: Args, kwargs: Kwargs, at: At) -> Value:
    return NONE


STATES: dict[str, Method] = {"state_dict": state_dict, "load_state_dict": load_state_dict}
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
    **dict.fromkeys(("reset_parameters", "reset_running_stats"), _nothing),
}
OPTIMIZER_METHODS: dict[str, Method] = {
    "step": _optimizer_step,
    "zero_grad": _optimizer_zero_grad,
    "add_param_group": _add_group,
    **STATES,
    "*": _nothing,
}
SCALER_METHODS: dict[str, Method] = {
    "scale": _scale,
    "unscale_": _unscale,
    "step": _scaler_step,
    "update": _scaler_update,
    **STATES,
    "*": _nothing,
}
METHODS: list[tuple[Any, dict[str, Method]]] = [
    (Module, MODULE),
    (Optimizer, OPTIMIZER_METHODS),
    (Scheduler, {"step": _schedule, **STATES, "*": _nothing}),
    (Scaler, SCALER_METHODS),
    (Tensor, TENSOR),
    (Params, PARAMETER),
    (Grad, GRADIENT),
    (Super, {"*": _super_method}),
    (Instance, {"_replace": _replace}),
    (Loader, {"*": _nothing}),
    (Sampler, {"*": sampler_method}),
    ((Seq, Table, Const, Stream), CONTAINERS),
]
__all__ = ["SCHEDULER", "forward", "make_optimizer", "method_of", "owners_of", "recognise", "step_optimizer"]
