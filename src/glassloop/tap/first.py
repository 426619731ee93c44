"""The first step of each optimizer: what it was given, its loss, and which parameters got a gradient and were written to.

Only looked at, and only at first steps: shapes, identities and `_version` counters at once, the one number of the loss when
it has arrived on the host.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

from glassloop.events import MODEL
from glassloop.tap.given import BINARY, CLASSES
from glassloop.tap.late import Late
from glassloop.tap.names import unwrapped
from glassloop.tap.nested import tensors

if TYPE_CHECKING:
    from glassloop.tap.ear import Ear, Known

MOST = 4  # optimizers that are told of
PATIENCE = 16  # steps after which a number that has not arrived is waited for
_CLASSES = (*CLASSES, "CrossEntropyLoss", "NLLLoss")
_BINARY = (*BINARY, "BCELoss", "BCEWithLogitsLoss")


@dataclass
class FirstStep:
    """What an optimizer's first step was. Names and shapes; `loss` and `classes` are None where they are unknown."""

    optimizer: str
    shapes: list[list[int]]  # of the tensors that the model was given
    loss: float | None
    classes: int | None  # that a cross-entropy chooses among; 2 for a binary one
    parameters: int  # that the optimizer holds and that are to learn
    without: list[str]  # of these, those that got no gradient; "" where no model that was called has them
    unmoved: list[str]  # of those with a gradient, those that the step left unwritten
    others: list[str]  # further optimizers of the run by then


class First:
    """Looks at first steps, and tells each once. `tell` gets a FirstStep."""

    def __init__(self, ear: Ear, tell: Callable[[FirstStep], None]) -> None:
        self._ear, self._tell = ear, tell
        self._told: set[int] = set()
        self._shapes: list[list[int]] = []
        self._losses: list[tuple[torch.Tensor, int | None]] = []
        self._root: torch.Tensor | None = None
        self._marks: list[tuple[bool, int]] = []
        self._waiting: list[tuple[FirstStep, Late | None, int]] = []
        self._steps = 0

    def forward(self, model: Any, args: Any, kwargs: Any) -> None:
        """A model is called."""
        if torch.is_grad_enabled() and not self._shapes:
            self._shapes = [list(t.shape) for t in tensors((args, kwargs))][:3]

    def loss(self, name: str, args: Any, kwargs: Mapping[str, Any], value: Any) -> None:
        """A loss was computed."""
        prediction = args[0] if args else kwargs.get("input")
        if isinstance(value, torch.Tensor) and value.numel() == 1 and value.requires_grad:
            self._losses.append((value.detach().reshape(()), _classes(name, prediction)))

    def backward(self, root: Any, scaled: bool | None) -> None:
        """A backward begins."""
        plain = isinstance(root, torch.Tensor) and root.numel() == 1 and scaled is False
        self._root = root.detach().reshape(()) if plain else None

    def begins(self, known: Known) -> None:
        """An optimizer is about to step."""
        if known.ref.serial not in self._told:
            self._marks = [(p.grad is not None, p._version) for p in known.held.params]

    def ended(self, known: Known, closure: bool) -> None:
        """An optimizer has stepped; with a closure its gradients came within."""
        self._steps += 1
        if known.ref.serial not in self._told and len(self._told) < MOST:
            self._told.add(known.ref.serial)
            step, number = self._look(known, closure)
            self._waiting.append((step, None if number is None else Late([number]), self._steps))
        self._losses, self._root, self._marks, self._shapes = [], None, [], []
        if self._waiting:
            self._say(lambda late, since: late.there() or self._steps - since >= PATIENCE)
        elif self._steps > PATIENCE and all(k.ref.serial in self._told for k in self._ear.optimizers.values()):
            self._ear.first = None  # a run that goes on is not looked at

    def finish(self) -> None:
        """Tells what is left."""
        self._say(lambda late, since: True)

    def _say(self, ready: Callable[[Late, int], bool]) -> None:
        waiting, self._waiting = self._waiting, []
        for step, late, since in waiting:
            if late is not None and not ready(late, since):
                self._waiting.append((step, late, since))
                continue
            if late is not None:
                step.loss = late.read()[0][0]
            self._tell(step)

    def _look(self, known: Known, closure: bool) -> tuple[FirstStep, torch.Tensor | None]:
        params = known.held.params
        marks = self._marks if len(self._marks) == len(params) else [(True, -1)] * len(params)
        learning = [(p, *mark) for p, mark in zip(params, marks, strict=True) if p.requires_grad]
        # Some optimizers write to `p.data`, which counts nothing: then nothing is said of it.
        counts = any(p._version != version for p, _, version in learning)
        without = [p for p, graded, _ in learning if not graded and not (closure and p.grad is not None)]
        missed = {id(p) for p in without}
        unmoved = [p for p, _, version in learning if counts and id(p) not in missed and p._version == version]
        names = self._names([*without, *unmoved])
        # Windows of accumulation compute one loss several times; losses of several kinds are known by their sum alone.
        alike = len({classes for _, classes in self._losses}) == 1
        value, classes = self._losses[0] if alike else (self._root, None)
        optimizer = known.optimizer()
        step = FirstStep(
            type(optimizer).__name__, self._shapes, None, classes, len(learning),
            [names[id(p)] for p in without], [names[id(p)] for p in unmoved],
            [other.ref.label for other in self._ear.optimizers.values() if other is not known],
        )  # fmt: skip
        return step, value

    def _names(self, params: list[Any]) -> dict[int, str]:
        """Names in the largest model that is known."""
        names = {id(p): "" for p in params}
        for model in sorted(self._ear.names.living(MODEL), key=lambda m: sum(1 for _ in m.parameters())):
            names |= {id(p): name for name, p in unwrapped(model).named_parameters() if id(p) in names}
        return names


def _classes(name: str, prediction: Any) -> int | None:
    if name in _BINARY:
        return 2
    if name not in _CLASSES or not isinstance(prediction, torch.Tensor) or not prediction.dim():
        return None
    return int(prediction.shape[1] if prediction.dim() > 1 else prediction.shape[0])
