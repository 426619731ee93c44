"""What the numbers of a tensor are known to be (a softmax's, a sigmoid's, their logarithms'), and what keeps them so."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from glassloop.events import GIVEN, GIVEN_AT, LOG_PROBABILITIES, PROBABILITIES, TAKES
from glassloop.source.values import Const, Form, Instance, Module, Output, Scope, Seq, Table, Tensor, Unknown, Value

if TYPE_CHECKING:
    from glassloop.source.player import Player

At = tuple[ast.AST, Scope]

# Calls and methods that squash, by the last part of their name; a method of the same name in place ends in `_`.
SQUASHES = {
    "softmax": PROBABILITIES,
    "sigmoid": PROBABILITIES,
    "expit": PROBABILITIES,
    "log_softmax": LOG_PROBABILITIES,
    "logsigmoid": LOG_PROBABILITIES,
}
LAYERS = {
    "Softmax": PROBABILITIES,
    "Softmax2d": PROBABILITIES,
    "Sigmoid": PROBABILITIES,
    "LogSoftmax": LOG_PROBABILITIES,
    "LogSigmoid": LOG_PROBABILITIES,
}
# What hands the same numbers on, in another shape or place.
KEEPS = frozenset(
    "view reshape squeeze unsqueeze permute transpose t flatten contiguous to cuda cpu float half double bfloat16 type "
    "clone detach detach_ view_as reshape_as expand index_select requires_grad_ clamp clamp_ clip clip_ movedim swapaxes "
    "swapdims moveaxis unflatten ravel narrow type_as squeeze_ unsqueeze_".split()
)
JOINS = frozenset({"cat", "concat", "concatenate", "stack", "hstack", "vstack"})
KEEPING_LAYERS = frozenset({"Flatten", "Identity", "Unflatten"})
# Losses that want logits, by class and by function: for one class of several, or for each class by itself.
LOSSES = {
    "CrossEntropyLoss": "class logits",
    "cross_entropy": "class logits",
    "BCEWithLogitsLoss": "binary logits",
    "binary_cross_entropy_with_logits": "binary logits",
}
SMALL = 1e-3  # what is added to a probability so that its logarithm is finite


def squashed(p: Player, name: str, given: list[Value], at: At) -> Form | None:
    """The form of what `name(given[0])` gives, for a function or a method."""
    name = name.rstrip("_") if name.endswith(("softmax_", "sigmoid_")) else name
    if name in SQUASHES:
        return Form(SQUASHES[name], p.where(*at))
    first = given[0] if given else None
    if isinstance(first, Seq) and name in JOINS:
        return alike([form_of(p, i) for i in first.items])
    if not isinstance(first, Tensor) or first.form is None:
        return None
    if name in KEEPS:
        return form_of(p, first)
    form = form_of(p, first) if name in ("log", "exp", "log_", "exp_") else None
    if form is None:
        return None
    if name.startswith("log"):
        return form._replace(how=LOG_PROBABILITIES) if form.how == PROBABILITIES else None
    return form._replace(how=PROBABILITIES) if form.how == LOG_PROBABILITIES else None


def alike(forms: list[Form | None]) -> Form | None:
    """The one form that all of these have."""
    first = forms[0] if forms else None
    return first if first is not None and all(f is not None and f.how == first.how for f in forms) else None


def shifted(left: Value, op: ast.operator, right: Value) -> Form | Output | None:
    """What stays of a form in `left op right`: a tiny number added, or 1 - p."""
    if isinstance(left, Tensor) and isinstance(right, Const) and isinstance(op, (ast.Add, ast.Sub)):
        tiny = isinstance(right.value, (int, float)) and abs(right.value) <= SMALL
        return left.form if tiny else None
    if isinstance(left, Const) and isinstance(right, Tensor) and isinstance(right.form, Form) and isinstance(op, ast.Sub):
        return right.form if left.value == 1 and right.form.how == PROBABILITIES else None
    return None


def after_layer(p: Player, m: Module, given: list[Value]) -> Form | Output | None:
    """The form of what a model or layer gives; of the user's own it is found when somebody asks."""
    if m.cls is not None:
        return Output(m, tuple(given), m.training, ())
    if m.doubtful or not m.kind.startswith("torch.nn."):
        return None
    last = m.kind.rsplit(".", 1)[-1]
    first = given[0] if given else None
    if last in LAYERS and m.made is not None:
        return Form(LAYERS[last], m.made)
    if last in KEEPING_LAYERS:
        return first.form if isinstance(first, Tensor) else None
    if last != "Sequential":
        return None
    value: Value = first if isinstance(first, Tensor) else Tensor()
    for item in [*m.items, *m.attrs.values()]:
        form = after_layer(p, item, [value]) if isinstance(item, Module) else None
        value = Tensor(form=form)
    return value.form if isinstance(value, Tensor) else None


def within(form: Form | Output | None, name: object) -> Form | Output | None:
    """The form of a part: a column of probabilities is one of probabilities, an item of an output is asked for later."""
    if isinstance(form, Output):
        return form._replace(trail=(*form.trail, name))
    return form


def part(i: Value) -> object:
    """How an index is remembered: a constant as it is, anything else selects within a tensor."""
    if isinstance(i, Const) and isinstance(i.value, (int, str)):
        return i.value
    return None


def form_of(p: Player, v: Value | None) -> Form | None:
    """What the numbers of a value are known to be."""
    if not isinstance(v, Tensor) or v.form is None:
        return None
    if isinstance(v.form, Form):
        return v.form
    from glassloop.source.inside import look

    seen = look(p, v.form.module, v.form.given, v.form.training)
    if seen is None or not seen.results:
        return None
    return alike([_at_end(p, result, v.form.trail) for result in seen.results])


def _at_end(p: Player, v: Value, trail: tuple[object, ...]) -> Form | None:
    for name in trail:
        if isinstance(v, Tensor):
            if isinstance(v.form, Output):
                v = Tensor(form=within(v.form, name))
            elif isinstance(name, str):
                return None  # an attribute of something that is no plain tensor
            continue
        v = _item(v, name)
    return form_of(p, v)


def _item(v: Value, name: object) -> Value:
    if isinstance(v, Seq) and isinstance(name, int) and v.exact and -len(v.items) <= name < len(v.items):
        return v.items[name]
    if isinstance(v, Table) and name in v.items:
        return v.items[name]
    if isinstance(v, Instance) and isinstance(name, str) and name in v.attrs:
        return v.attrs[name]
    return Unknown("part")


def loss_facts(p: Player, name: str, prediction: Value | None) -> dict[str, object]:
    """Facts on a loss that wants logits: what it takes, and what it is known to be given."""
    takes = LOSSES.get(name)
    form = form_of(p, prediction) if takes is not None else None
    if form is None:
        return {}
    return {TAKES: takes, GIVEN: form.how, GIVEN_AT: form.at}
