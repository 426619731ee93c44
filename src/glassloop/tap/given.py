"""What a loss is given: read off the graph that autograd has recorded, never off the numbers."""

from __future__ import annotations

from typing import Any

from glassloop.events import GIVEN, LOG_PROBABILITIES, MEAN, PROBABILITIES, TAKES

_TAKES = {
    "CrossEntropyLoss": "class logits",
    "cross_entropy": "class logits",
    "BCEWithLogitsLoss": "binary logits",
    "binary_cross_entropy_with_logits": "binary logits",
}
_HOW = {
    "SoftmaxBackward0": PROBABILITIES,
    "SigmoidBackward0": PROBABILITIES,
    "LogSoftmaxBackward0": LOG_PROBABILITIES,
    "LogSigmoidBackward0": LOG_PROBABILITIES,
}
# Operations that hand the same numbers on, in another shape, place or precision.
_KEEPS = frozenset(
    f"{name}Backward0"
    for name in (
        "View", "UnsafeView", "Reshape", "ReshapeAlias", "Transpose", "T", "Permute", "Squeeze", "Unsqueeze", "ToCopy",
        "Clone", "Slice", "Select", "Index", "Expand", "Alias", "Clamp", "Unfold", "IndexSelect",
    )
) | {"SqueezeBackward1", "SqueezeBackward2", "ClampBackward1"}  # fmt: skip
_FARTHEST = 6  # operations between a softmax and the loss

_facts: dict[tuple[bool, str | None, str | None], dict[str, object]] = {}


def loss_facts(loss: Any, mean: bool, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, object]:
    """Facts on a loss: a module, or a function's name. Equal facts are one object."""
    takes = _TAKES.get(loss if isinstance(loss, str) else type(loss).__name__)
    given = _given(args[0] if args else kwargs.get("input")) if takes is not None else None
    key = (mean, takes if given is not None else None, given)
    known = _facts.get(key)
    if known is None:
        known = _facts[key] = {MEAN: mean} | ({TAKES: takes, GIVEN: given} if given is not None else {})
    return known


def _given(prediction: Any) -> str | None:
    node = getattr(prediction, "grad_fn", None)
    log = False
    for _ in range(_FARTHEST):
        if node is None:
            return None
        name = node.name()
        how = _HOW.get(name)
        if how is not None:
            return None if log and how == LOG_PROBABILITIES else LOG_PROBABILITIES if log else how
        if name == "LogBackward0" and not log:
            log = True
        elif name not in _KEEPS:
            return None
        node = node.next_functions[0][0] if node.next_functions else None
    return None


__all__ = ["loss_facts"]
