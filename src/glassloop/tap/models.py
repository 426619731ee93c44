"""forward, loss, train-mode, eval-mode, to-device, and zero-grad told to a model.

Only the outermost call is heard: inside a forward there is nothing but that forward. `nn.Module.__call__` is replaced
rather than hooked: a global forward hook sends every sub-module down a slower road (1.9 µs a module against 0.3).
"""

from __future__ import annotations

import functools
import os
import sys
import weakref
from collections.abc import Mapping
from threading import get_ident
from types import FrameType
from typing import Any

import torch
from torch import nn
from torch.nn.modules.loss import _Loss

from glassloop.events import (
    CARRIES,
    EVAL_MODE,
    FORWARD,
    GIVEN,
    GRAD,
    INNER_LOSS,
    LOSS,
    LOSS_MADE,
    MEAN,
    MINDS,
    MODEL,
    NO_FACTS,
    PART,
    TO_DEVICE,
    TRAIN_MODE,
    TRAINING,
    WITH,
    ZERO_GRAD,
    Ref,
)
from glassloop.tap.ear import Ear
from glassloop.tap.given import TAKES_LOGITS, loss_facts
from glassloop.tap.modes import calm, minds
from glassloop.tap.patch import Patches
from glassloop.tap.place import is_users, stands_between
from glassloop.tap.shapes import ELEMENTWISE, given
from glassloop.tap.whole import whole

TORCH = os.path.dirname(os.path.abspath(torch.__file__)) + os.sep
# One object for each, so that equal events are one object.
_FORWARD: dict[tuple[bool, bool, str, bool, tuple[str | int, ...]], dict[str, object]] = {}
_SMALL = 64
_MOST = 256  # models remembered by their ids
_MOVES = ("to", "cuda", "cpu", "half", "float", "double", "bfloat16")
F_LOSSES = (
    "binary_cross_entropy", "binary_cross_entropy_with_logits", "cosine_embedding_loss", "cross_entropy", "ctc_loss",
    "gaussian_nll_loss", "hinge_embedding_loss", "huber_loss", "kl_div", "l1_loss", "margin_ranking_loss", "mse_loss",
    "multi_margin_loss", "multilabel_margin_loss", "multilabel_soft_margin_loss", "nll_loss", "poisson_nll_loss",
    "smooth_l1_loss", "soft_margin_loss", "triplet_margin_loss", "triplet_margin_with_distance_loss",
)  # fmt: skip


def hear(ear: Ear, patches: Patches) -> None:
    """Hears every model and loss from now on."""

    def mode(caller: FrameType, args: Any, kwargs: Any, _: Any) -> None:
        if not isinstance(args[0], _Loss):
            training = args[1] if len(args) > 1 else kwargs.get("mode", True)
            ref, of = ear.model(args[0])
            ear.say(TRAIN_MODE if training else EVAL_MODE, caller, ref, (*of, *_inside(ear, args[0], ref)))

    parts: dict[object, dict[str, object]] = {}

    def cleared(caller: FrameType, args: Any, kwargs: Any, _: Any) -> None:
        ref, of = ear.model(args[0])
        ear.say(ZERO_GRAD, caller, ref, of, _part(ear, args[0], of, parts))
        if ear.measures is not None:
            ear.measures.cleared(of)

    def moved(caller: FrameType, args: Any, kwargs: Any, _: Any) -> None:
        if not isinstance(args[0], _Loss):
            ear.say(TO_DEVICE, caller, ear.names.ref(args[0], MODEL))

    patches.attribute(nn.Module, "__call__", functools.partial(_call, ear))
    patches.attribute(nn.Module, "train", whole(ear, mode, even_deep=False))
    patches.attribute(nn.Module, "zero_grad", whole(ear, cleared))
    for name in _MOVES:
        patches.attribute(nn.Module, name, whole(ear, moved, even_deep=False))
    for name in F_LOSSES:
        patches.function(nn.functional, name, functools.partial(_loss, ear))


def _part(ear: Ear, model: nn.Module, of: tuple[Ref, ...], parts: dict[object, dict[str, object]]) -> Mapping[str, object]:
    """What clearing a model left of its optimizer's gradients. Facts are kept, so that equal ones are one object."""
    known = ear.optimizers.get(of[0].serial) if len(of) == 1 else None
    if known is None:
        return NO_FACTS
    own = {id(p) for p in model.parameters()}
    if not any(p.grad is not None for p in known.held.params if id(p) not in own):
        return NO_FACTS
    key = (known.held.ids, frozenset(own & known.held.ids))
    return parts.setdefault(key, {PART: (key[1], key[0])})


def _inside(ear: Ear, model: nn.Module, ref: Ref) -> tuple[Ref, ...]:
    """The models inside a model that have been called themselves, or told something."""
    known = dict.fromkeys(map(ear.names.known, model.modules()))
    return tuple(each for each in known if each is not None and each != ref and each.role == MODEL)


def _told(given: tuple[Any, ...]) -> tuple[str | int, ...]:
    """The words and small numbers in what a model is given: few, so that equal calls stay equal events."""
    return tuple(v for v in given if type(v) is str or (type(v) in (int, bool) and -_SMALL < v < _SMALL))


def _forward(training: bool, grad: bool, minds: str, carries: bool, told: tuple[str | int, ...]) -> dict[str, object]:
    """Facts on a call that are new: they are kept, and looked up from then on."""
    facts: dict[str, object] = {TRAINING: training, GRAD: grad}
    facts |= ({MINDS: minds} if minds else {}) | ({CARRIES: True} if carries else {})
    facts |= {WITH: told} if told else {}
    _FORWARD[training, grad, minds, carries, told] = facts
    return facts


class Called:
    """A model that was called, while no optimizer is made or changed.

    `facts`: on a call with its input alone, by (training, whether a graph is recorded), where no layer minds the mode.
    """

    __slots__ = ("facts", "made", "model", "of", "ref")

    def __init__(self, ear: Ear, model: nn.Module) -> None:
        self.ref, self.of = ear.model(model)
        self.model, self.made = weakref.ref(model), ear.made
        self.facts: dict[tuple[bool, bool], dict[str, object]] = {}

    def facts_of(self, ear: Ear, model: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, object]:
        """Facts on this call."""
        ref, training, grad, plain = self.ref, model.training, torch.is_grad_enabled(), len(args) <= 1 and not kwargs
        carries = not plain and ear.carried.given(ref, args, kwargs)
        told = () if plain else _told((*args[1:], *kwargs.values()))
        minding = (minds if training else calm)(ear, ref, model)
        key = (training, grad, minding, carries, told)
        facts = _FORWARD.get(key) or _forward(*key)
        if plain and not (training and ear.minding[ref.serial][1]):  # else its layers are asked each time
            self.facts[training, grad] = facts
        return facts


def _meet(ear: Ear, model: nn.Module, models: dict[int, Called]) -> Called:
    """What is known of a model that is new, or was before optimizers changed."""
    if len(models) >= _MOST:
        models.clear()
    known = models[id(model)] = Called(ear, model)
    return known


def _call(ear: Ear, original: Any) -> Any:
    compiling, grad_on = torch.compiler.is_compiling, torch.is_grad_enabled
    models: dict[int, Called] = {}

    def __call__(self: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: N807
        if compiling() or ear.deep or ear.hush or not ear.on or get_ident() != ear.thread:
            return original(self, *args, **kwargs)
        is_loss = isinstance(self, _Loss)
        if not is_loss:
            try:
                known = models.get(id(self))
                if known is None or known.made != ear.made or known.model() is not self:
                    known = _meet(ear, self, models)
                facts = known.facts.get((self.training, grad_on())) if len(args) <= 1 and not kwargs else None
                if facts is None:
                    facts = known.facts_of(ear, self, args, kwargs)
                ear.say(FORWARD, sys._getframe(1), known.ref, known.of, facts)
                if ear.first is not None:
                    ear.first.forward(self, args, kwargs)
            except Exception:
                ear.fault()
        ear.deep += 1
        ear.scoring = is_loss
        try:
            result = original(self, *args, **kwargs)
        finally:
            ear.deep -= 1
            ear.scoring = False
        if type(result) is tuple:
            _gave(ear, self, result)
        if ear.kept.on and not is_loss and grad_on():
            try:
                ear.kept.gave(result, ear.spot(sys._getframe(1)))
            except Exception:
                ear.fault()
        if is_loss:
            try:
                facts = loss_facts(self, getattr(self, "reduction", None) == "mean", args, kwargs)
                ear.means.heard(result, bool(facts[MEAN]))
                ear.say(LOSS_MADE, sys._getframe(1), ear.name(self, LOSS), None, facts)
                if ear.first is not None:
                    ear.first.loss(type(self).__name__, args, kwargs, result)
            except Exception:
                ear.fault()
        return result

    return __call__


def _gave(ear: Ear, model: nn.Module, result: tuple[Any, ...]) -> None:
    try:
        ref = ear.names.known(model)
        if ref is not None:
            ear.carried.gave(ref, result)
    except Exception:
        ear.fault()


def _inner(ear: Ear, name: str, args: Any, kwargs: Any, frame: FrameType) -> None:
    """Says so where the user's own forward gives a loss what it does not take. A library's loss is the library's matter."""
    try:
        facts = loss_facts(name, kwargs.get("reduction", "mean") == "mean", args, kwargs)
        if GIVEN in facts and _called_by_user(frame):
            ear.say(INNER_LOSS, frame, None, None, facts)
    except Exception:
        ear.fault()


def _called_by_user(frame: FrameType | None) -> bool:
    """Whether the user's code made a call, with nothing but torch and our own ears between; else another library did."""
    while frame is not None and not is_users(frame.f_code):
        name = frame.f_code.co_filename
        if not name.startswith(TORCH) and not stands_between(name):
            return False
        frame = frame.f_back
    return frame is not None


def _loss(ear: Ear, original: Any) -> Any:
    compiling, elementwise = torch.compiler.is_compiling, original.__name__ in ELEMENTWISE
    wants_logits = original.__name__ in TAKES_LOGITS

    @functools.wraps(original)
    def loss(*args: Any, **kwargs: Any) -> Any:
        if compiling() or ear.hush or not ear.on or get_ident() != ear.thread:
            return original(*args, **kwargs)
        if elementwise:
            try:
                given(ear, args, kwargs, sys._getframe(1))
            except Exception:
                ear.fault()
        if ear.deep:
            if wants_logits and not ear.scoring:
                _inner(ear, original.__name__, args, kwargs, sys._getframe(1))
            return original(*args, **kwargs)
        ear.deep += 1
        try:
            result = original(*args, **kwargs)
        finally:
            ear.deep -= 1
        try:
            facts = loss_facts(original.__name__, kwargs.get("reduction", "mean") == "mean", args, kwargs)
            ear.means.heard(result, bool(facts[MEAN]))
            ear.say(LOSS_MADE, sys._getframe(1), None, None, facts)
            if ear.first is not None:
                ear.first.loss(original.__name__, args, kwargs, result)
        except Exception:
            ear.fault()
        return result

    # How torch's own wrappers tell torch.jit.script and torch.compile what to read in their place.
    loss.__dict__.update({"__script_if_tracing_wrapper": True, "__original_fn": original})
    return loss
