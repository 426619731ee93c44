"""Lightning's loop, as `Trainer.fit` goes through it: the hooks of the user's module, and what Lightning does between them.

Everything that Lightning does itself stands at the line of `fit`, as in a run. Where the module takes a part of the
protocol into its own hands, or the optimizers cannot be made out, the whole of it is code that could not be followed.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from glassloop import events
from glassloop.source.backward import say_backward
from glassloop.source.owners import owners_in
from glassloop.source.player import Player
from glassloop.source.values import (
    NONE,
    Const,
    Function,
    Instance,
    Module,
    Optimizer,
    Scheduler,
    Scope,
    Seq,
    Span,
    Table,
    Tensor,
    Unknown,
    Value,
)

At = tuple[ast.AST, Scope]
Args = list[Value]
Kwargs = dict[str, Value]
Method = Callable[[Player, Any, str, Args, Kwargs, At], Value]
TRAINER = "lightning-trainer"
STEPS = ("lightning", "steps")  # what `trainer.estimated_stepping_batches` counts

# A module, or a Trainer, that does one of these goes a way of its own.
OWN_WAY = (
    "optimizer_step", "optimizer_zero_grad", "backward", "lr_scheduler_step", "configure_gradient_clipping", "fit",
    "manual_backward", "toggle_optimizer", "on_before_zero_grad", "on_before_optimizer_step", "on_after_backward",
    "on_before_backward", "optimizers", "lr_schedulers", "training_step_end", "tbptt_split_batch",
)  # fmt: skip
OWN_SETTINGS = ("overfit_batches", "fast_dev_run", "plugins", "reload_dataloaders_every_n_epochs")


class Rate(NamedTuple):
    """A schedule, and after what Lightning steps it."""

    scheduler: Scheduler
    interval: str


class Setup(NamedTuple):
    """What configure_optimizers gave."""

    optimizers: list[Optimizer]
    rates: list[Rate]


def is_lightning(v: Value | None, kind: str = "LightningModule") -> bool:
    """Whether something is a module of Lightning's (or a data module)."""
    return isinstance(v, Module) and v.cls is not None and any(r.rsplit(".", 1)[-1] == kind for r in v.cls.roots())


def make_trainer(kwargs: Kwargs) -> Instance:
    """pl.Trainer(max_epochs=…): its arguments are its attributes."""
    return Instance(None, {**kwargs, "estimated_stepping_batches": Unknown(STEPS, frozenset({STEPS}))}, True, TRAINER)


def trainer_method(p: Player, me: Instance, name: str, args: Args, kwargs: Kwargs, at: At) -> Value:
    """fit is followed; test, validate and predict put everything back as it was."""
    from glassloop.source.calls import unknown_call

    given = dict(zip(("model", "train_dataloaders", "val_dataloaders", "datamodule"), args, strict=False)) | kwargs
    if name == "fit" and _followed(me, given):
        fit = Fit(p, me, given["model"], given, at)
        if fit.begin():
            fit.run()
            return NONE
    if name in ("test", "validate", "predict", "save_checkpoint", "print"):
        return Unknown(("call", at[1].path, getattr(at[0], "lineno", 0)))
    return unknown_call(p, me, args, kwargs, at)


def _followed(trainer: Instance, given: Kwargs) -> bool:
    model = given.get("model")
    if not isinstance(model, Module) or model.cls is None or not is_lightning(model):
        return False
    callbacks = trainer.attrs.get("callbacks", NONE)
    own = [c for c in (callbacks.items if isinstance(callbacks, Seq) else [callbacks]) if isinstance(c, Instance)]
    manual = model.attrs.get("automatic_optimization", Const(True))
    apart = any(model.cls.find(name) is not None for name in OWN_WAY) or any(s in trainer.attrs for s in OWN_SETTINGS)
    return not own and not apart and isinstance(manual, Const) and isinstance(model.cls.find("training_step"), Function)


class Fit:
    """One call of fit."""

    def __init__(self, p: Player, trainer: Instance, model: Value, given: Kwargs, at: At) -> None:
        assert isinstance(model, Module)
        self.p, self.trainer, self.model, self.at, self.given = p, trainer, model, at, given
        self.setup = Setup([], [])
        self.train: Value = NONE
        self.val: Value = NONE
        epochs = trainer.attrs.get("max_epochs", NONE)
        known = not isinstance(epochs, Const) or isinstance(epochs.value, int)
        self.epochs = Span(Const(0), epochs if known else Unknown(("lightning", "epochs")))
        clip = trainer.attrs.get("gradient_clip_val", NONE)
        self.clips = not (isinstance(clip, Const) and not clip.value)
        manual = model.attrs.get("automatic_optimization", Const(True))
        self.automatic = isinstance(manual, Const) and bool(manual.value)
        self.data = next((v for v in given.values() if is_lightning(v, "LightningDataModule")), None)

    def begin(self) -> bool:
        """Everything up to the first epoch; whether it can be followed from there."""
        from glassloop.source.loops import sources

        p, model, trainer = self.p, self.model, self.trainer
        model.attrs["trainer"] = trainer
        if self.data is not None and isinstance(self.data, Module):
            self.data.attrs["trainer"] = trainer
            self._hook("prepare_data", of=self.data)
            self._hook("setup", Const("fit"), of=self.data)
        for name in ("prepare_data", "setup", "configure_model"):
            self._hook(name, *([Const("fit")] if name == "setup" else []))
        p.program.epoch_counts |= sources(self.epochs)
        p.program.step_counts.add(STEPS)
        setup = _setup(self._hook("configure_optimizers"))
        if setup is None or (self.automatic and len(setup.optimizers) != 1):
            return False
        self.setup = setup
        self.train = self._loader("train_dataloaders", "train_dataloader")
        self.val = self._loader("val_dataloaders", "val_dataloader")
        model.attrs["__setup__"] = Seq([Seq(list(setup.optimizers)), Seq([r.scheduler for r in setup.rates])])
        return True

    def run(self) -> None:
        """All epochs."""
        self._hook("on_fit_start")
        self._hook("on_train_start")
        for epoch in self._turns(self.epochs, counts=True):
            self.model.attrs["current_epoch"] = epoch
            self._hook("on_train_epoch_start")
            self._train()
            self._schedule("epoch")
            self._validate()
            self._hook("on_train_epoch_end")
        self._hook("on_train_end")
        self._hook("on_fit_end")

    def _train(self) -> None:
        for pair in self._turns(self.train, numbered=True):
            number, batch = pair.items if isinstance(pair, Seq) else (Unknown(("lightning", "batch")), pair)
            self._hook("on_train_batch_start", batch, number)
            loss = self._hook("training_step", batch, number)
            loss = loss.items.get("loss", NONE) if isinstance(loss, Table) else loss
            if self.automatic:
                self._update(loss)
            self._hook("on_train_batch_end", loss, batch, number)

    def _update(self, loss: Value | None) -> None:
        """Every batch is played as a window of its own: what is accumulated, and when, Lightning sees to by itself."""
        from glassloop.source.objects import method_of
        from glassloop.source.optimizers import step_optimizer

        p, at, (optimizer,) = self.p, self.at, self.setup.optimizers
        method_of(p, optimizer, "zero_grad", [], {}, at)
        # What is accumulated has been divided: whether a mean is one still is not told.
        say_backward(p, loss if isinstance(loss, Tensor) else None, [Const(None)], {}, at)
        if self.clips:
            p.say(events.CLIP, at, None, (optimizer.ref,))
        step_optimizer(p, optimizer, [], {}, at)
        self._schedule("step")

    def _schedule(self, interval: str) -> None:
        from glassloop.source.schedules import step_scheduler

        for rate in self.setup.rates if self.automatic else []:
            if rate.interval == interval:
                step_scheduler(self.p, rate.scheduler, "step", [], {}, self.at)

    def _validate(self) -> None:
        from glassloop.source.objects import method_of

        p, model = self.p, self.model
        looks = model.cls.find("validation_step") if model.cls is not None else None
        if not isinstance(looks, Function) or self.val is NONE or looks.node in p.program.trains(looks.scope.path):
            return
        inside = [m for m in owners_in({model}) if isinstance(m, Module)]
        modes, grad = [m.training for m in inside], p.grad
        method_of(p, model, "eval", [], {}, self.at)
        p.grad = False
        self._hook("on_validation_epoch_start")
        several = self.val.items if isinstance(self.val, Seq) else [self.val]
        for place, loader in enumerate(several):
            for pair in self._turns(loader, numbered=True):
                number, batch = pair.items if isinstance(pair, Seq) else (Unknown(("lightning", "batch")), pair)
                self._hook("validation_step", batch, number, *([Const(place)] if len(several) > 1 else []))
        self._hook("on_validation_epoch_end")
        p.grad = grad
        for module, mode in zip(inside, modes, strict=True):  # by hand: nobody calls train()
            module.training = mode

    def _loader(self, argument: str, name: str) -> Value:
        given = self.given.get(argument)
        if given is None or is_lightning(given, "LightningDataModule") or (isinstance(given, Const) and given.value is None):
            given = self._hook(name, of=self.data if isinstance(self.data, Module) else self.model)
        return given

    def _turns(self, over: Value, counts: bool = False, numbered: bool = False) -> Iterator[Value]:
        from glassloop.source.builtin import BUILTINS
        from glassloop.source.loops import enter_loop, iterate, leave_loop, sources, turns

        p = self.p
        entry: list[Any] = [sources(over), 0, not counts, False, (p.where(*self.at), "")]
        enter_loop(p, entry)
        try:
            for item in iterate(
                p, BUILTINS["enumerate"](p, [over], {}, self.at) if numbered else over, self.at, turns(p), entry
            ):
                entry[1] += 1
                yield item
        finally:
            leave_loop(p, entry)

    def _hook(self, name: str, *args: Value, of: Module | None = None) -> Value:
        """What the user's module does at this point; NONE where it does nothing."""
        from glassloop.source.calls import call, method

        me = of or self.model
        if me.cls is None or not isinstance(me.cls.find(name), Function):
            return NONE
        return call(self.p, method(self.p, me, name, self.at), list(args), {}, self.at)


def _setup(given: Value) -> Setup | None:
    """The optimizers and schedules in what configure_optimizers returned; None where they cannot be made out."""
    if isinstance(given, Optimizer):
        return Setup([given], [])
    if isinstance(given, Table):
        rate = _rate(given.items["lr_scheduler"]) if "lr_scheduler" in given.items else None
        optimizer = given.items.get("optimizer")
        if not isinstance(optimizer, Optimizer) or (rate is None and "lr_scheduler" in given.items):
            return None
        return Setup([optimizer], [rate] if rate is not None else [])
    if not isinstance(given, Seq) or not given.exact:
        return None
    if len(given.items) == 2 and all(isinstance(part, Seq) for part in given.items):
        first, second = given.items
        assert isinstance(first, Seq)
        assert isinstance(second, Seq)
        rates = [_rate(s) for s in second.items]
        parts = [Setup([o], []) if isinstance(o, Optimizer) else None for o in first.items]
        return None if None in rates else _joined(parts, [r for r in rates if r is not None])
    return _joined([_setup(part) for part in given.items], [])


def _joined(parts: list[Setup | None], rates: list[Rate]) -> Setup | None:
    known = [part for part in parts if part is not None]
    if not known or len(known) < len(parts):
        return None
    return Setup([o for part in known for o in part.optimizers], [*rates, *(r for part in known for r in part.rates)])


def _rate(given: Value) -> Rate | None:
    if isinstance(given, Scheduler):
        return Rate(given, "epoch")
    if not isinstance(given, Table) or "scheduler" not in given.items:
        return None
    scheduler = given.items["scheduler"]
    interval, often = given.items.get("interval", Const("epoch")), given.items.get("frequency", Const(1))
    if not isinstance(scheduler, Scheduler) or not isinstance(interval, Const) or not isinstance(often, Const):
        return None
    return Rate(scheduler, str(interval.value)) if often.value == 1 else None


# --- what a module of Lightning's can be asked ---------------------------------------------------------------------------


def _optimizers(p: Player, m: Module, name: str, args: Args, kwargs: Kwargs, at: At) -> Value:
    setup = m.attrs.get("__setup__")
    found = setup.items[name == "lr_schedulers"] if isinstance(setup, Seq) else None
    if not isinstance(found, Seq):
        return Unknown(("lightning", name, m.ref))
    return found.items[0] if len(found.items) == 1 else found if found.items else NONE


def _manual_backward(p: Player, m: Module, name: str, args: Args, kwargs: Kwargs, at: At) -> Value:
    say_backward(p, args[0] if args else kwargs.get("loss"), args[1:], kwargs, at)
    return NONE


def _clip_gradients(p: Player, m: Module, name: str, args: Args, kwargs: Kwargs, at: At) -> Value:
    optimizer = args[0] if args else kwargs.get("optimizer")
    p.say(events.CLIP, at, None, (optimizer.ref,) if isinstance(optimizer, Optimizer) else None)
    return NONE


def _toggle(p: Player, m: Module, name: str, args: Args, kwargs: Kwargs, at: At) -> Value:
    """Of the parameters that the other optimizers hold alone, none takes a gradient until `untoggle_optimizer`."""
    optimizer = args[0] if args else kwargs.get("optimizer")
    if not isinstance(optimizer, Optimizer) or optimizer.owners is None:
        return NONE
    mine = owners_in(optimizer.owners)
    others = {owner for o in p.optimizers if o is not optimizer for owner in owners_in(o.owners)} - mine
    for owner in others:
        if isinstance(owner, Module):
            owner.frozen = name == "toggle_optimizer"
    return NONE


def _quiet(p: Player, m: Module, name: str, args: Args, kwargs: Kwargs, at: At) -> Value:
    return NONE


LIGHTNING: dict[str, Method] = {
    "optimizers": _optimizers,
    "lr_schedulers": _optimizers,
    "manual_backward": _manual_backward,
    "clip_gradients": _clip_gradients,
    "toggle_optimizer": _toggle,
    "untoggle_optimizer": _toggle,
    **dict.fromkeys(("log", "log_dict", "print", "save_hyperparameters", "all_gather"), _quiet),
}
__all__ = ["LIGHTNING", "TRAINER", "is_lightning", "make_trainer", "trainer_method"]
