"""backward, clip, grad-on and grad-off."""

from __future__ import annotations

import functools
import sys
from collections.abc import Iterable, Mapping
from threading import get_ident
from types import FrameType, GeneratorType, MappingProxyType
from typing import Any

import torch
from torch.utils import _contextlib

from glassloop.events import (
    AUTOCAST,
    BACKWARD,
    CLIP,
    CUT,
    GRAD_OFF,
    GRAD_ON,
    GRAPHS,
    MEAN,
    NO_FACTS,
    OPAQUE,
    RETAINED,
    SCALED,
    TURN,
    WHOLE,
    YOUNG,
    Ref,
)
from glassloop.tap.ear import Ear, Known, compiling
from glassloop.tap.gradients import Mark
from glassloop.tap.patch import Patches
from glassloop.tap.place import is_users
from glassloop.tap.retained import Walk
from glassloop.tap.rounds import Turn
from glassloop.tap.scalers import Scaled
from glassloop.tap.shapes import by_hand

_NOWHERE = -1  # instead of a place's number
_LOOK_BACK = 64  # autograd nodes looked at for a parameter behind a loss that reached none
# Files of torch's that turn recording off and on at every step; other libraries are told apart further down.
_TORCHS = ("torch.autograd.grad_mode", "torch.optim.optimizer", "torch.nn.utils.clip_grad", "torch.utils._foreach_utils")
_QUIET_FILES = frozenset(sys.modules[name].__file__ for name in _TORCHS)
_CLONE = torch.set_grad_enabled.clone.__code__  # a decorator makes its context anew at each call
CLIPS = ("clip_grad_norm_", "clip_grad_value_", "clip_grads_with_norm_")


def hear(ear: Ear, patches: Patches, scaled: Scaled) -> None:
    """Hears backwards, clips and the recording of graphs from now on."""
    patches.attribute(torch.autograd, "backward", functools.partial(_backward, ear, scaled))
    patches.attribute(torch.autograd, "grad", functools.partial(_grad, ear))
    for name in CLIPS:
        patches.function(torch.nn.utils, name, functools.partial(_clip, ear))
    for cls in (torch.no_grad, torch.enable_grad, torch.inference_mode):
        patches.attribute(cls, "__enter__", functools.partial(_switch, ear))
        patches.attribute(cls, "__exit__", functools.partial(_switch, ear))
    # It turns the switch when it is made; as a decorator it turns it back at once.
    for name in ("__init__", "__call__", "__exit__"):
        patches.attribute(torch.set_grad_enabled, name, functools.partial(_switch, ear))


def _backward(ear: Ear, scaled: Scaled, original: Any) -> Any:
    """`Tensor.backward` calls `torch.autograd.backward` by its name, so both are heard here."""

    @functools.wraps(original)
    def backward(tensors: Any, *args: Any, **kwargs: Any) -> None:
        if compiling() or ear.deep or ear.hush or not ear.on or get_ident() != ear.thread:
            ear.retained.unheard()
            original(tensors, *args, **kwargs)
            return
        if ear.before is not None:
            ear.settle()
        try:
            frame = sys._getframe(1)
            before = _marks(ear, frame)
            came_scaled = scaled.any and _came_scaled(scaled, tensors)
            weight = args[0] if args else kwargs.get("grad_tensors")  # what the loss is to be multiplied by
            mean = ear.means.of(tensors) if weight is None else None
            turn = ear.rounds.turn(frame, ear.gathered > 0)
            walk = None
            if ear.retained.keeps or _retains(args, kwargs):
                walk = ear.retained.walk(tensors, _retains(args, kwargs), turn[0] if turn else _NOWHERE)
            if ear.first is not None:
                ear.first.backward(tensors, came_scaled)
        except Exception:
            ear.fault()
        ear.deep += 1
        try:
            original(tensors, *args, **kwargs)
        finally:
            ear.deep -= 1
        if not ear.on:
            return
        try:
            reached = _reached(before)
            cut, autocast = not reached and _cut(tensors), torch._C._is_any_autocast_enabled()
            facts = _facts(came_scaled, cut, autocast, mean, turn, walk)
            ear.gathered += 1
            event = ear.say(BACKWARD, frame, None, reached, facts)
            if reached and ear.kept.on:
                ear.kept.walked(tensors, ear.spot(frame))
            if ear.census.open:
                ear.census.backward(tensors)
                by_hand(ear, tensors, frame)
            if reached and ear.measures is not None:
                ear.measures.backward(tensors, reached, event.at, came_scaled is not False)
        except Exception:
            ear.fault()

    return backward


def _marks(ear: Ear, frame: FrameType) -> list[tuple[Known, list[Mark] | None]]:
    """What the gradients of each optimizer are before a backward; says of whose somebody exchanged them unheard."""
    before = []
    for known in ear.fresh():
        held = known.held
        before.append((known, None if held.clean else held.marks()))
        if held.left and held.exchanged():
            ear.say(OPAQUE, frame, None, (known.ref,))
    return before


def _reached(before: list[tuple[Known, list[Mark] | None]]) -> tuple[Ref, ...]:
    """Those of the optimizers whose gradients a backward has made, or added to."""
    reached = []
    for known, marks in before:
        held = known.held
        if held.reached(marks):
            held.clean = False
            reached.append(known.ref)
            if held.bare:
                held.leave()
    return tuple(reached)


@functools.cache
def _facts(
    scaled: bool | None, cut: bool, autocast: bool, mean: bool | None, turn: Turn | None, walk: Walk | None
) -> Mapping[str, object]:
    known: dict[str, object] = {SCALED: scaled, MEAN: mean, TURN: turn}
    if walk is None and turn is not None:
        known[GRAPHS] = frozenset((2 * turn[0],))  # one name for all graphs of a place, where no one asks which
    if walk is not None:
        known |= {RETAINED: walk.retained, GRAPHS: walk.graphs}
        known |= {WHOLE: True, YOUNG: walk.young} if walk.graphs is not None else {}
    facts: dict[str, object] = {name: value for name, value in known.items() if value is not None}
    if cut:
        facts[CUT] = None
    if autocast:
        facts[AUTOCAST] = True
    return MappingProxyType(facts)


def _retains(args: Any, kwargs: Any) -> bool:
    """Whether a backward was told to keep its graph, for no second derivative."""
    retain = args[1] if len(args) > 1 else kwargs.get("retain_graph")
    return bool(retain) and not (args[2] if len(args) > 2 else kwargs.get("create_graph"))


def _cut(tensors: Any) -> bool:
    """Whether no parameter stands behind a loss: it is a copy without its graph, or comes of one."""
    if not isinstance(tensors, torch.Tensor):
        return False
    nodes: list[Any] = [tensors.grad_fn] if tensors.grad_fn is not None else []
    for node in nodes:
        if isinstance(getattr(node, "variable", None), torch.nn.Parameter) or len(nodes) > _LOOK_BACK:
            return False
        nodes.extend(before for before, _ in node.next_functions if before is not None)
    return not isinstance(tensors, torch.nn.Parameter)


def _came_scaled(scaled: Scaled, tensors: Any) -> bool | None:
    """Of a loss in a run where something was scaled."""
    if not isinstance(tensors, (torch.Tensor, list, tuple)):  # to look into a generator would empty it
        return None
    first = tensors if isinstance(tensors, torch.Tensor) else next(iter(tensors), None)
    return scaled.made(first) if isinstance(first, torch.Tensor) else None


def _grad(ear: Ear, original: Any) -> Any:
    """`torch.autograd.grad` walks a graph and fills no parameter's gradient."""

    @functools.wraps(original)
    def grad(*args: Any, **kwargs: Any) -> Any:
        if ear.deep or not ear.hears():
            ear.retained.unheard()
            return original(*args, **kwargs)
        walk: Walk | None = None
        try:
            walk = ear.retained.walk(args[0] if args else kwargs.get("outputs"), False, _NOWHERE)
        except Exception:
            ear.fault()
        ear.deep += 1
        try:
            result = original(*args, **kwargs)
        finally:
            ear.deep -= 1
        try:
            facts = NO_FACTS if walk is None else _facts(None, False, False, None, None, walk)
            ear.say(BACKWARD, sys._getframe(1), None, (), facts)
        except Exception:
            ear.fault()
        return result

    return grad


def _clip(ear: Ear, original: Any) -> Any:
    @functools.wraps(original)
    def clip(parameters: Any, *args: Any, **kwargs: Any) -> Any:
        if not ear.hears():
            return original(parameters, *args, **kwargs)
        given = _listed(parameters)
        # An empty generator stays one: torch warns of it.
        parameters = given if given or not isinstance(parameters, GeneratorType) else iter(())
        owners: list[Known] = []
        try:
            owners = ear.holders(given)
            if ear.measures is not None:
                ear.measures.before_clip(owners)
        except Exception:
            ear.fault()
        ear.hush += 1
        try:
            result = original(parameters, *args, **kwargs)
        finally:
            ear.hush -= 1
        try:
            ear.say(CLIP, sys._getframe(1), None, tuple(known.ref for known in owners))
            if ear.measures is not None:
                ear.measures.clipped(owners, result)
        except Exception:
            ear.fault()
        return result

    return clip


def _listed(parameters: Any) -> list[Any]:
    if isinstance(parameters, torch.Tensor):
        return [parameters]
    return list(parameters) if isinstance(parameters, Iterable) else [parameters]


def _switch(ear: Ear, original: Any) -> Any:
    """A switch of recording is heard where the user's code turns it and it changes something.

    torch turns it itself some twenty times a step, so the caller is looked at first.
    """
    grad_on, getframe = torch.is_grad_enabled, sys._getframe

    @functools.wraps(original)
    def switch(self: Any, *args: Any) -> Any:
        if ear.hush:
            return original(self, *args)
        caller = getframe(1)
        if caller.f_code.co_filename in _QUIET_FILES and caller.f_code is not _CLONE:
            return original(self, *args)
        before = grad_on()
        result = original(self, *args)
        after = grad_on()
        if before is not after and not ear.deep and ear.hears():
            try:
                frame = _turned_by(caller)
                if frame is not None:
                    ear.say(GRAD_ON if after else GRAD_OFF, frame)
            except Exception:
                ear.fault()
        return result

    return switch


def _turned_by(caller: FrameType) -> FrameType | None:
    """The user's frame that turned the switch; None where torch or another library did for its own ends.

    A function that the user decorated and calls is entered from torch's wrapper around it.
    """
    if is_users(caller.f_code):
        return caller
    if caller.f_code is not _CLONE and caller.f_code.co_filename != _contextlib.__file__:
        return None
    outer = caller.f_back
    if caller.f_code is _CLONE and outer is not None:
        caller, outer = outer, outer.f_back
    if outer is None or not is_users(outer.f_code):
        return None
    code = getattr(caller.f_locals.get("func"), "__code__", None)
    return outer if code is not None and is_users(code) else None
