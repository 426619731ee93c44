"""Ignite's loop, as `Engine.run` goes through it: the update function once a batch, and between batches the handlers.

What Ignite does itself stands at the line of `run`, as in a run. Where it is open when a handler is called that says
something, the whole of `run` is code that could not be followed.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from glassloop.source import conditions
from glassloop.source.arithmetic import binary
from glassloop.source.backward import say_backward
from glassloop.source.player import Player
from glassloop.source.values import (
    NONE,
    Bound,
    Const,
    External,
    Function,
    Instance,
    Module,
    Optimizer,
    Partial,
    Scheduler,
    Scope,
    Seq,
    Span,
    Tensor,
    Unknown,
    Value,
)

At = tuple[ast.AST, Scope]
Args = list[Value]
Kwargs = dict[str, Value]
MOMENT, RATE = "ignite-moment", "ignite-rate"
FILTERS = ("every", "once", "before", "after", "event_filter")
# They watch, log and save: nothing that is trained is changed by them.
HELPERS = frozenset(
    "EarlyStopping Checkpoint ModelCheckpoint DiskSaver TerminateOnNan Timer BasicTimeProfiler HandlersTimeProfiler "
    "ProgressBar TqdmLogger TensorboardLogger WandBLogger MLflowLogger ClearMLLogger VisdomLogger NeptuneLogger "
    "PolyaxonLogger OutputHandler OptimizerParamsHandler WeightsScalarHandler WeightsHistHandler GradsScalarHandler "
    "GradsHistHandler global_step_from_engine TimeLimit EpochOutputStore setup_logger manual_seed PiecewiseLinear "
    "LinearCyclicalScheduler CosineAnnealingScheduler".split()
)
PLAIN = frozenset(["model", "optimizer", "loss_fn", "device", "non_blocking", "deterministic", "output_transform"])


class Handler(NamedTuple):
    """A function that is called when something has happened; `when`: its filter."""

    event: str
    function: Value
    args: Args
    when: Kwargs
    place: tuple[str, int, int]


@dataclass(eq=False)
class Helper(Instance):
    """What watches, logs or saves."""


@dataclass(eq=False)
class Engine(Instance):
    """An Engine: what it does with a batch, and what is called between the batches."""

    process: Value = NONE
    shipped: Callable[[Player, Value, At], Value] | None = None  # what one of Ignite's own functions does with a batch
    handlers: list[Handler] = field(default_factory=list)
    untimed: bool = False  # some handler that says something comes at a time that is not known


def ignite(p: Player, path: str, args: Args, kwargs: Kwargs, at: At) -> Value:
    """A call of one of Ignite's names."""
    from glassloop.source.calls import unknown_call

    name = path.rsplit(".", 1)[-1]
    if name in ("Engine", "DeterministicEngine") and args:
        return _engine(process=args[0])
    if ".Events." in path:
        return Instance(None, {"event": Const(name), **kwargs}, key=MOMENT)
    if name in ("create_supervised_trainer", "create_supervised_evaluator"):
        names = ("model", "optimizer", "loss_fn") if "trainer" in name else ("model", "metrics")
        shipped = _shipped(name, dict(zip(names, args, strict=False)) | kwargs)
        if shipped is not None:
            return _engine(shipped=shipped)
    if name in ("auto_model", "auto_optim") and args:
        return args[0]
    if name == "LRScheduler" and args and isinstance(args[0], Scheduler):
        return Instance(None, {"lr_scheduler": args[0]}, True, RATE)
    if name in HELPERS or ".metrics." in path:
        return Helper(None, {}, True)
    return unknown_call(p, None, args, kwargs, at)


def comes_back(p: Player, v: Value) -> bool:
    """Whether who is given this may call a function that trains: it itself, or that of an Engine."""
    f = v.process if isinstance(v, Engine) else v
    return isinstance(f, Function) and p.program.trains_in(f.node)


def _engine(process: Value = NONE, shipped: Callable[[Player, Value, At], Value] | None = None) -> Engine:
    return Engine(None, {"state": Instance(None, {}, True)}, True, process=process, shipped=shipped)


def _shipped(name: str, given: Kwargs) -> Callable[[Player, Value, At], Value] | None:
    """What the shipped trainer or evaluator does with a batch; None where it was told to do something else."""
    model, optimizer, loss_fn = given.get("model"), given.get("optimizer"), given.get("loss_fn", NONE)
    if not isinstance(model, Module):
        return None
    if name == "create_supervised_evaluator":
        return lambda p, batch, at: _evaluate(p, model, batch, at)
    if not isinstance(optimizer, Optimizer) or not PLAIN.issuperset(given):
        return None
    return lambda p, batch, at: _update(p, model, optimizer, loss_fn, batch, at)


def _evaluate(p: Player, model: Module, batch: Value, at: At) -> Value:
    from glassloop.source.objects import forward, method_of

    method_of(p, model, "eval", [], {}, at)
    grad, p.grad = p.grad, False
    answer = forward(p, model, [_part(p, batch, 0, at)], {}, at)
    p.grad = grad
    return Seq([answer, _part(p, batch, 1, at)], frozen=True)


def _update(p: Player, model: Module, optimizer: Optimizer, loss_fn: Value, batch: Value, at: At) -> Value:
    from glassloop.source.calls import call
    from glassloop.source.objects import forward, method_of
    from glassloop.source.optimizers import step_optimizer

    method_of(p, optimizer, "zero_grad", [], {}, at)
    method_of(p, model, "train", [], {}, at)
    answer = forward(p, model, [_part(p, batch, 0, at)], {}, at)
    loss = call(p, loss_fn, [answer, _part(p, batch, 1, at)], {}, at)
    say_backward(p, loss if isinstance(loss, Tensor) else None, [], {}, at)
    step_optimizer(p, optimizer, [], {}, at)
    return Unknown(("ignite", "number"), plain=True)


def _part(p: Player, batch: Value, place: int, at: At) -> Value:
    from glassloop.source.items import item

    return item(p, batch, at[0], Const(place))


# --- what an Engine is asked ---------------------------------------------------------------------------------------------


def engine_method(p: Player, me: Engine, name: str, args: Args, kwargs: Kwargs, at: At) -> Value:
    """`engine.run`, `engine.on` and their like."""
    if name == "run":
        return _run(p, me, args, kwargs, at)
    if name == "on" and args:
        return Partial(Bound(me, "add_event_handler"), [args[0]], {"*args": Seq(args[1:])})
    if name == "add_event_handler" and len(args) > 1:
        extra = kwargs.get("*args")
        _attach(p, me, args[0], args[1], args[2:] + (extra.items if isinstance(extra, Seq) else []), at)
    if name == "remove_event_handler" and args:
        node = getattr(args[0], "node", None)
        me.handlers = [h for h in me.handlers if node is None or getattr(h.function, "node", None) is not node]
    if name == "fire_event" and args and (moment := _moment(args[0])) is not None:
        _fire(p, me, moment[0], at)
    return Unknown(("call", conditions.site(*at)), plain=True)


def _attach(p: Player, me: Engine, event: Value, function: Value, args: Args, at: At) -> None:
    if isinstance(function, Helper):
        return
    moment = _moment(event)
    if moment is None:
        body = function.node.body if isinstance(function, Function) else None
        me.untimed = me.untimed or not isinstance(body, list) or not p.program.quiet(body)
        return
    place = (at[1].path, getattr(at[0], "lineno", 0), getattr(at[0], "col_offset", 0))
    me.handlers.append(Handler(moment[0], function, args, moment[1], place))


def _moment(event: Value) -> tuple[str, Kwargs] | None:
    """The name of an event and its filter; None where it is not known."""
    if isinstance(event, External):
        return event.path.rsplit(".", 1)[-1], {}
    if isinstance(event, Instance) and event.key == MOMENT and isinstance(name := event.attrs["event"], Const):
        return str(name.value), {k: v for k, v in event.attrs.items() if k in FILTERS}
    return None


def _run(p: Player, me: Engine, args: Args, kwargs: Kwargs, at: At) -> Value:
    given = dict(zip(("data", "max_epochs", "epoch_length"), args, strict=False)) | kwargs
    state = me.attrs["state"]
    if me.untimed or not isinstance(state, Instance) or (me.shipped is None and isinstance(me.process, Unknown)):
        p.opaque(at, None)
        return state
    epochs = given.get("max_epochs", NONE)
    epochs = Const(1) if isinstance(epochs, Const) and not isinstance(epochs.value, int) else epochs
    state.attrs["iteration"] = Const(0)
    _fire(p, me, "STARTED", at)
    for epoch in _turns(p, Span(Const(1), epochs), at, hands_over=False):
        state.attrs["epoch"] = epoch
        _fire(p, me, "EPOCH_STARTED", at)
        for batch in _turns(p, given.get("data", Unknown(("ignite", "data"))), at, hands_over=True):
            state.attrs["iteration"] = binary(p, state.attrs["iteration"], ast.Add(), Const(1), at)
            state.attrs["batch"] = batch
            for event in ("GET_BATCH_STARTED", "GET_BATCH_COMPLETED", "ITERATION_STARTED"):
                _fire(p, me, event, at)
            state.attrs["output"] = _processed(p, me, batch, at)
            _fire(p, me, "ITERATION_COMPLETED", at)
        _fire(p, me, "EPOCH_COMPLETED", at)
    _fire(p, me, "COMPLETED", at)
    return state


def _processed(p: Player, me: Engine, batch: Value, at: At) -> Value:
    from glassloop.source.calls import call

    return me.shipped(p, batch, at) if me.shipped is not None else call(p, me.process, [me, batch], {}, at)


def _turns(p: Player, over: Value, at: At, hands_over: bool) -> Iterator[Value]:
    from glassloop.source.loops import enter_loop, iterate, leave_loop, sources, turns

    entry: list[Any] = [sources(over), 0, hands_over, False, (p.where(*at), "")]
    enter_loop(p, entry)
    try:
        for item in iterate(p, over, at, turns(p), entry):
            entry[1] += 1
            yield item
    finally:
        leave_loop(p, entry)


def _fire(p: Player, me: Engine, event: str, at: At) -> None:
    from glassloop.source.calls import call
    from glassloop.source.schedules import step_scheduler

    for handler in [h for h in me.handlers if h.event == event]:
        function = handler.function
        if handler.when and not _due(p, me, handler):
            continue
        p.undecided += bool(handler.when)
        if isinstance(function, Instance) and function.key == RATE:
            schedule = function.attrs["lr_scheduler"]
            if event.endswith("_COMPLETED") and isinstance(schedule, Scheduler):
                step_scheduler(p, schedule, "step", [], {}, at)
            else:
                p.opaque(at, [schedule])  # it sets the first value itself
        else:
            call(p, function, [*([me] if _takes_engine(function, handler.args) else []), *handler.args], {}, at)
        p.undecided -= bool(handler.when)


def _due(p: Player, me: Engine, handler: Handler) -> bool:
    """Whether the filter of a handler lets it be called this time."""
    state, every = me.attrs["state"], handler.when.get("every")
    counter = state.attrs.get("epoch" if "EPOCH" in handler.event else "iteration") if isinstance(state, Instance) else None
    path, line, column = handler.place
    scope = Scope(path)
    scope.vars.update({"count": counter or Unknown(("ignite", "count")), "every": every or Unknown(("ignite", "every"))})
    test = ast.parse("count % every == 0", mode="eval").body
    for node in ast.walk(test):
        if isinstance(node, ast.expr):
            node.lineno, node.col_offset = line, column
    asked = conditions.condition(p, test, scope)
    return asked if isinstance(asked, bool) else conditions.choose(p, asked, True)


def _takes_engine(function: Value, args: Args) -> bool:
    """Whether a handler takes the engine: Ignite leaves it out where there is no room for it."""
    if not isinstance(function, Function):
        return True
    a = function.node.args
    return a.vararg is not None or len(a.posonlyargs) + len(a.args) - (function.me is not None) > len(args)


__all__ = ["Engine", "Helper", "comes_back", "engine_method", "ignite"]
