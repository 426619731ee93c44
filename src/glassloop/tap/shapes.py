"""broadcast: a loss that repeats its prediction to fit a target of another shape.

Of the losses of torch.nn.functional both shapes are known. Of one written by hand, the graph keeps the shape of the
prediction and that of the difference.
"""

from __future__ import annotations

import dis
import math
from collections.abc import Iterator
from types import FrameType
from typing import TYPE_CHECKING, Any

import torch

from glassloop.events import BROADCAST, SHAPES
from glassloop.tap.origins import variables
from glassloop.tap.place import user_frame
from glassloop.tap.spoken import names_in

if TYPE_CHECKING:
    from glassloop.tap.ear import Ear

# Binary cross-entropies and the soft margin refuse shapes that differ.
ELEMENTWISE = frozenset(
    {"mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss", "poisson_nll_loss", "gaussian_nll_loss"}
)
Shape = tuple[int, ...]
_ON_PURPOSE = ("Unsqueeze", "Expand", "Repeat", "Mean", "Sum", "Amax", "Max", "Min")  # who makes a dimension of size 1
_LAYERS = ("Addmm", "Mm", "Bmm", "Convolution", "Sigmoid", "Tanh", "Relu", "Softplus", "Exp")
_REDUCED = ("Mean", "Sum", "LinalgVectorNorm", "Norm")
_BETWEEN = ("Pow", "Abs", "Mul", "Div", "Neg")  # between a difference and the mean of it
_SINGLE: tuple[Shape, ...] = ((), (1,))
_NODES = 40  # looked at behind a loss

_facts: dict[str, dict[str, object]] = {}


def given(ear: Ear, args: tuple[Any, ...], kwargs: dict[str, Any], frame: FrameType) -> None:
    """Says so where an element-wise loss was given shapes that make it repeat the prediction."""
    prediction = args[0] if args else kwargs.get("input")
    target = args[1] if len(args) > 1 else kwargs.get("target")
    if not isinstance(prediction, torch.Tensor) or not isinstance(target, torch.Tensor):
        return
    if prediction.shape == target.shape:
        return
    a, b = tuple(prediction.shape), tuple(target.shape)
    if not repeated(a, b, _maker(prediction)):
        return
    joint = tuple(torch.broadcast_shapes(a, b))  # type: ignore[no-untyped-call]
    _say(ear, f"a prediction of shape {a} and a target of shape {b}, and makes {joint} of them", frame)


def repeated(a: Shape, b: Shape, maker: str) -> bool:
    """Whether a prediction of shape `a`, made by `maker`, is repeated against a target of shape `b`, and not on purpose."""
    one, other = math.prod(a), math.prod(b)
    try:
        joint = math.prod(torch.broadcast_shapes(a, b))  # type: ignore[no-untyped-call]
    except RuntimeError:
        return False
    if one == 1 or other == 1 or joint == one or maker.startswith(_ON_PURPOSE):
        return False
    return one == other or (len(a) == len(b) and maker.startswith(_LAYERS))


def by_hand(ear: Ear, loss: Any, frame: FrameType) -> None:
    """Says so where the graph behind `loss` takes the mean of a difference that is larger than its prediction."""
    root = getattr(loss, "grad_fn", None)
    if not isinstance(loss, torch.Tensor) or root is None or loss.numel() != 1:
        return
    for node in _differences(root):
        shapes = _compared(node)
        if shapes is not None:
            a, joint = shapes
            _say(ear, f"a prediction of shape {a} and a target with which it makes {joint}", _written(loss, frame))
            return


def _differences(root: Any) -> Iterator[Any]:
    """The subtractions of whose result a loss takes the mean, after a square or the like."""
    inside = {root: False}  # nodes, with whether they are behind the mean
    nodes = [root]
    for node in nodes:
        name, within = node.name(), inside[node]
        if within and name.startswith("Sub"):
            yield node
        elif len(nodes) < _NODES and (name.startswith(_BETWEEN) if within else _shape(node, 0) in _SINGLE):
            new = [before for before, _ in node.next_functions if before is not None and before not in inside]
            inside.update(dict.fromkeys(new, within or name.startswith(_REDUCED)))
            nodes += new


def _compared(node: Any) -> tuple[Shape, Shape] | None:
    """The shapes of a prediction and of its difference from a target without a graph, where it was repeated for that."""
    edges = [(before, index) for before, index in node.next_functions if before is not None]
    joint = _shape(node, 0)
    a = _shape(*edges[0]) if len(edges) == 1 else None
    if a is None or joint is None or len(a) > len(joint) or edges[0][0].name().startswith(_ON_PURPOSE):
        return None
    n = a[0] if a else 1
    flat = a == (n,) and joint == (n, n)  # the target was (n, 1)
    column = 1 in a[1:] and len(a) > 1 and joint[len(joint) - len(a) + 1 + a[1:].index(1)] == n and joint != a
    return (a, joint) if n > 1 and (flat or column) else None


def _shape(node: Any, index: int) -> Shape | None:
    """The shape of what an operation gave."""
    known = getattr(node, "_input_metadata", None)  # of its backward's input
    return tuple(known[index].shape) if known and index < len(known) else None


def _maker(tensor: torch.Tensor) -> str:
    return tensor.grad_fn.name() if tensor.grad_fn is not None else ""


def _written(loss: Any, frame: FrameType) -> Any:
    """The frame and instruction at which the user's variable that is `loss` was last assigned before; else the frame."""
    user = user_frame(frame)
    if user is None:
        return frame
    names = {name for scope in (names_in(user), user.f_globals) for name, value in scope.items() if value is loss}
    stores = [
        step.offset
        for step in dis.get_instructions(user.f_code)
        if step.opname.startswith("STORE_") and names.intersection(variables(step)) and step.offset < user.f_lasti
    ]
    return (user.f_code, stores[-1]) if stores else frame


def _say(ear: Ear, says: str, at: Any) -> None:
    facts = _facts.setdefault(says, {SHAPES: says})
    spot = ear.spot_at(*at) if isinstance(at, tuple) else ear.spot(at)
    ear.say_at(BROADCAST, spot, None, None, facts)
