"""What a loss is given: read off the graph that autograd has recorded, never off the numbers."""

from __future__ import annotations

from typing import Any

from glassloop.events import GIVEN, LOG_PROBABILITIES, MEAN, PROBABILITIES, TAKES

CLASSES = ("cross_entropy", "nll_loss")  # losses among classes
BINARY = ("binary_cross_entropy", "binary_cross_entropy_with_logits")
TAKES_LOGITS = {
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
_SAYS_NOTHING: dict[bool, dict[str, object]] = {mean: {MEAN: mean} for mean in (True, False)}
_others: set[type] = set()  # classes of nodes that hand no such numbers on


def loss_facts(loss: Any, mean: bool, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, object]:
    """Facts on a loss: a module, or a function's name. Equal facts are one object."""
    takes = TAKES_LOGITS.get(loss if isinstance(loss, str) else type(loss).__name__)
    if takes is None:
        return _SAYS_NOTHING[mean]
    node = getattr(args[0] if args else kwargs.get("input"), "grad_fn", None)
    if node is None or type(node) in _others:
        return _SAYS_NOTHING[mean]
    given = _given(node)
    if given is None:
        return _SAYS_NOTHING[mean]
    key = (mean, takes, given)
    known = _facts.get(key)
    if known is None:
        known = _facts[key] = {MEAN: mean, TAKES: takes, GIVEN: given}
    return known


def _given(node: Any) -> str | None:
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
            if name != "LogBackward0" and type(node).__name__ == name:  # else a class for many kinds of nodes
                _others.add(type(node))
            return None
        node = node.next_functions[0][0] if node.next_functions else None
    return None


__all__ = ["BINARY", "CLASSES", "TAKES_LOGITS", "loss_facts"]
