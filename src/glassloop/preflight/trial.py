"""How a model, a batch and a loss function are called: the forms that people write, told apart by their signatures."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import nn

from glassloop.errors import UserError
from glassloop.preflight.listening import Listening

_MODELS = frozenset({"model", "net", "network", "module", "m", "nn", "model_", "f", "self"})
_BATCHES = frozenset({"batch", "data", "examples", "example", "sample", "samples", "b", "inputs_and_targets"})
_OUTPUTS = frozenset(
    {"output", "outputs", "out", "o", "pred", "preds", "prediction", "predictions", "logits", "logit", "scores", "input",
     "y_pred", "y_hat", "yhat", "p", "x_hat", "recon", "reconstruction", "z"}
)  # fmt: skip
_TARGETS = frozenset({"target", "targets", "label", "labels", "y", "y_true", "truth", "t", "gt", "tgt"})
_TARGET_KEYS = ("labels", "label", "targets", "target", "y")
_FORMS = "loss_fn(model, batch) or loss_fn(output, target)"

Calls = list[tuple[tuple[Any, ...], dict[str, Any], Any]]  # of a model: arguments and output


@dataclass
class Pass:
    """One forward and its loss. `args` and `kwargs` are what the model was first called with, None where it was not."""

    loss: torch.Tensor
    output: Any
    args: tuple[Any, ...] | None
    kwargs: dict[str, Any]
    heard: Listening


@dataclass
class Trial:
    """The things that are tried. `forward()` makes one pass; `first` is the first one, in training mode."""

    model: nn.Module
    batch: Any
    loss_fn: Callable[..., Any] | None
    optimizers: Sequence[torch.optim.Optimizer]
    seconds: float
    batch_dim: int = 0
    first: Pass = field(init=False)
    whole_form: bool = field(init=False)

    def __post_init__(self) -> None:
        self.whole_form = self.loss_fn is not None and takes_model(self.loss_fn)

    def forward(self) -> Pass:
        """One forward and its loss, in the mode that the model is in. Raises what the user's code raises, and UserError."""
        heard, seen, result = self._listened(self._call)
        args, kwargs, output = seen[0] if seen else (None, {}, None)
        return Pass(_loss(result), output, args, kwargs, heard)

    def again(self) -> tuple[Any, Listening]:
        """What the model gives for the first inputs once more, and its calls; where those are unknown, the loss."""
        args, kwargs = self.first.args, self.first.kwargs
        call = self._call if args is None else lambda: self.model(*args, **kwargs)
        heard, _, result = self._listened(call)
        return result, heard

    def _listened(self, call: Callable[[], Any]) -> tuple[Listening, Calls, Any]:
        heard = Listening()
        seen: Calls = []

        def entered(module: nn.Module, args: Any, kwargs: Any) -> None:
            heard.inside += 1

        def left(module: nn.Module, args: Any, kwargs: Any, output: Any) -> None:
            heard.inside -= 1
            seen.append((args, kwargs, output))

        handles = [
            self.model.register_forward_pre_hook(entered, with_kwargs=True),
            self.model.register_forward_hook(left, with_kwargs=True),
        ]
        try:
            with heard:
                result = call()
        finally:
            for handle in handles:
                handle.remove()
        return heard, seen, result

    def parameters(self) -> dict[str, nn.Parameter]:
        """The model's parameters by name, and those of a loss that is a module."""
        named = dict(self.model.named_parameters())
        if isinstance(self.loss_fn, nn.Module):
            named |= {f"loss.{name}": p for name, p in self.loss_fn.named_parameters()}
        return named

    def _call(self) -> Any:
        if self.loss_fn is not None and self.whole_form:
            return self.loss_fn(self.model, self.batch)
        inputs, target = split(self.batch)
        if self.loss_fn is None or _positional(self.loss_fn) == 1:  # the model computes its loss itself
            inputs = self.batch if isinstance(self.batch, Mapping) or not isinstance(inputs, tuple) else inputs
            output = self._apply(inputs)
            return output if self.loss_fn is None else self.loss_fn(output)
        return self.loss_fn(self._apply(inputs), target)

    def _apply(self, inputs: Any) -> Any:
        if isinstance(inputs, Mapping) and _takes_names(self.model, inputs):
            return self.model(**inputs)
        return self.model(*inputs) if isinstance(inputs, tuple) else self.model(inputs)


def takes_model(loss_fn: Callable[..., Any]) -> bool:
    """Whether `loss_fn` is called with model and batch; False: with output and target. Raises UserError if unclear."""
    if isinstance(loss_fn, nn.Module) or getattr(loss_fn, "__module__", "") == "torch.nn.functional":
        return False
    try:
        parameters = list(_signature(loss_fn).parameters.values())
    except (TypeError, ValueError):  # built in
        return False
    needed = [p for p in parameters if p.default is p.empty and p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    if any(p.kind is p.VAR_POSITIONAL for p in parameters) and not needed:
        raise UserError(f"loss_fn takes *args, which does not say how to call it; write {_FORMS}")
    if len(needed) == 1:
        if needed[0].name in _MODELS:
            raise UserError(f"loss_fn takes {needed[0].name} alone; write {_FORMS}, or loss_fn(output)")
        return False
    if len(needed) != 2:
        names = ", ".join(p.name for p in needed)
        raise UserError(f"loss_fn({names}) is called with two arguments; write {_FORMS}")
    return _two(*needed)


def _signature(function: Callable[..., Any]) -> inspect.Signature:
    """The signature, with annotations that are written as text made what they name, where they can be."""
    try:
        return inspect.signature(function, eval_str=True)
    except (NameError, SyntaxError, AttributeError):
        return inspect.signature(function)


def _two(first: inspect.Parameter, second: inspect.Parameter) -> bool:
    one, other = first.name.lower(), second.name.lower()
    kind = first.annotation
    if (isinstance(kind, type) and issubclass(kind, nn.Module)) or one in _MODELS or other in _BATCHES:
        return True
    if one in _OUTPUTS or other in _TARGETS or kind is torch.Tensor:
        return False
    raise UserError(
        f"loss_fn({first.name}, {second.name}) may mean {_FORMS}; name its parameters so, "
        "for instance lambda model, batch: …"
    )


def split(batch: Any) -> tuple[Any, Any]:
    """The inputs (several as a tuple) and the target of a batch; a lone tensor is its own target."""
    if isinstance(batch, Mapping):
        key = next((key for key in _TARGET_KEYS if key in batch), None)
        return {k: v for k, v in batch.items() if k != key}, None if key is None else batch[key]
    if isinstance(batch, (tuple, list)) and len(batch) > 1:
        return batch[0] if len(batch) == 2 else tuple(batch[:-1]), batch[-1]
    if isinstance(batch, (tuple, list)) and len(batch) == 1:
        return batch[0], batch[0]
    return batch, batch


def _positional(function: Callable[..., Any]) -> int:
    if isinstance(function, nn.Module):
        function = function.forward
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return 2
    return sum(p.default is p.empty and p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD) for p in parameters)


def _takes_names(model: nn.Module, inputs: Mapping[Any, Any]) -> bool:
    """Whether the model's forward knows the batch's names, as Hugging Face's do."""
    inner = getattr(model, "module", getattr(model, "_orig_mod", model))
    parameters = inspect.signature(inner.forward).parameters
    if any(p.kind is p.VAR_KEYWORD for p in parameters.values()):
        return all(isinstance(name, str) for name in inputs)
    return all(name in parameters for name in inputs)


def _loss(result: Any) -> torch.Tensor:
    """The loss in what a loss function gives: a tensor, `.loss`, `["loss"]`, or the first of several."""
    found = result
    if isinstance(result, Mapping):
        found = result.get("loss")
    elif isinstance(result, (tuple, list)) and result:
        found = result[0]
    elif not isinstance(result, torch.Tensor):
        found = getattr(result, "loss", None)
    if not isinstance(found, torch.Tensor):
        kind = type(result).__name__
        raise UserError(f"the loss function gives a {kind} without a loss; return a tensor, or a tuple that begins with it")
    if found.numel() != 1:
        raise UserError(f"the loss has shape {list(found.shape)}; return one number, for instance its mean")
    return found.reshape(())
