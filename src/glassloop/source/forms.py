"""What the numbers of a tensor are known to be (a softmax's, a sigmoid's, their logarithms'), and what keeps them so."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from glassloop.events import AXIS, GIVEN, GIVEN_AT, LOG_PROBABILITIES, PROBABILITIES, SOFTMAX, TAKES
from glassloop.source.marks import Form, Output
from glassloop.source.values import (
    Const,
    Instance,
    Module,
    Scope,
    Seq,
    Table,
    Tensor,
    Unknown,
    Value,
)

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
SAME_SHAPE = frozenset("to cuda cpu float half double bfloat16 type clone detach contiguous clamp clip type_as".split())
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


def squashed(p: Player, name: str, given: list[Value], at: At, kwargs: dict[str, Value] | None = None) -> Form | None:
    """The form of what `name(given[0])` gives, for a function or a method."""
    axis = axis_of(given[1] if len(given) > 1 else None, kwargs or {}) if "softmax" in name else None
    name = name.rstrip("_") if name.endswith(("softmax_", "sigmoid_")) else name
    if name in SQUASHES:
        over_batch(p, given[0] if given else None, axis, at)
        return Form(SQUASHES[name], p.where(*at), axis, _in_rows(p, given[0] if given else None))
    first = given[0] if given else None
    if isinstance(first, Seq) and name in JOINS:
        return alike([form_of(p, i) for i in first.items])
    if not isinstance(first, Tensor) or first.form is None:
        return None
    if name == "gather":
        judged(p, first, at)
    if name in KEEPS:
        form = form_of(p, first)
        return form if form is None or name in SAME_SHAPE else form._replace(axis=None)
    form = form_of(p, first) if name in ("log", "exp", "log_", "exp_") else None
    if form is None:
        return None
    judged(p, first, at)
    if name.startswith("log"):
        return form._replace(how=LOG_PROBABILITIES) if form.how == PROBABILITIES else None
    return form._replace(how=PROBABILITIES) if form.how == LOG_PROBABILITIES else None


def judged(p: Player, given: Value | None, at: At) -> None:
    """A distribution over classes is made of this, or its logarithms: of several samples each has its own."""
    form = form_of(p, given) if isinstance(given, Tensor) and not p.inside else None
    if form is None or form.axis != 0 or not form.rows or not isinstance(given, Tensor):
        return
    first = given.form.given[0] if isinstance(given.form, Output) and given.form.given else None
    if given.form is form or (isinstance(first, Tensor) and first.several):
        p.say(SOFTMAX, at, None, (), **{AXIS: "batch", GIVEN_AT: form.at})


def _in_rows(p: Player, given: Value | None) -> bool:
    """Whether something is just what a layer with several outputs gave, for several samples."""
    if not isinstance(given, Tensor) or not isinstance(given.form, Output) or given.form.trail:
        return False
    m: Value = given.form.module
    first = given.form.given[0] if given.form.given else None
    if not p.inside and not (isinstance(first, Tensor) and first.several):
        return False
    while isinstance(m, Module) and m.kind == "torch.nn.Sequential" and m.items:
        m = m.items[-1]
    if not isinstance(m, Module) or m.kind != "torch.nn.Linear":
        return False
    size = m.attrs.get("out_features")
    return isinstance(size, Unknown) or (isinstance(size, Const) and isinstance(size.value, int) and size.value > 1)


def alike(forms: list[Form | None]) -> Form | None:
    """The one form that all of these have."""
    first = forms[0] if forms else None
    return first if first is not None and all(f is not None and f.how == first.how for f in forms) else None


def shifted(left: Value, op: ast.operator, right: Value) -> Form | Output | None:
    """What stays of a form in `left op right`: a tiny number added, or 1 - p."""
    if isinstance(left, Tensor) and isinstance(right, Const) and isinstance(op, (ast.Add, ast.Sub)):
        tiny = isinstance(right.value, (int, float)) and abs(right.value) <= SMALL
        return left.form if tiny else None
    if isinstance(left, Tensor) and isinstance(left.form, Output) and isinstance(right, Const):
        return left.form._replace(scaled=True) if isinstance(op, (ast.Mult, ast.Div)) else None
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
        return Form(LAYERS[last], m.made, m.axis, _in_rows(p, first))
    if last in KEEPING_LAYERS:
        return first.form if isinstance(first, Tensor) else None
    if last != "Sequential":
        return None
    value: Value = first if isinstance(first, Tensor) else Tensor()
    for item in [*m.items, *m.attrs.values()]:
        form = after_layer(p, item, [value]) if isinstance(item, Module) else None
        given_to_it = isinstance(item, Module) and item.cls is None
        made = form or (Output(item, (value,), None, ()) if given_to_it else None)  # type: ignore[arg-type]
        value = Tensor(form=made, several=isinstance(first, Tensor) and first.several)
    form = value.form if isinstance(value, Tensor) else None
    return None if isinstance(form, Output) and form.module.cls is None else form


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
    if v.form.scaled:
        return None
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
    if takes is None and name not in ("NLLLoss", "nll_loss"):
        return {}
    form = form_of(p, prediction)
    if takes != "binary logits":
        _classified(p, prediction)
    batch: dict[str, object] = {AXIS: "batch", GIVEN_AT: form.at} if form is not None and form.axis == 0 else {}
    if form is None or takes is None:
        return batch
    return {TAKES: takes, GIVEN: form.how, GIVEN_AT: form.at, **batch}


def axis_of(given: Value | None, kwargs: dict[str, Value]) -> object:
    """The dimension that a softmax is taken over, where the text names it."""
    dim = kwargs.get("dim", given)
    return dim.value if isinstance(dim, Const) and isinstance(dim.value, int) else None


def over_batch(p: Player, given: Value | None, axis: object, at: At) -> None:
    """A softmax over the first dimension of what a model gave for a batch: wrong, if that is where the batch is."""
    if axis != 0 or not isinstance(given, Tensor) or not isinstance(given.form, Output) or given.form.trail:
        return
    x = given.form.given[0] if given.form.given else None
    if isinstance(x, Tensor) and (x.loose or x.length is not None):
        p.over_batch.append((given.form.module, at))
        _judge(p)


def _classified(p: Player, prediction: Value | None) -> None:
    """A loss over classes has been given this: of what its model gives for a batch, classes are the second dimension."""
    form = prediction.form if isinstance(prediction, Tensor) else None
    if isinstance(form, Output) and not form.trail:
        p.classifiers.add(form.module.ref.serial)
        _judge(p)


def _judge(p: Player) -> None:
    for _, at in (pair for pair in p.over_batch if pair[0].ref.serial in p.classifiers):
        p.say(SOFTMAX, at, None, (), axis="batch")
    p.over_batch = [pair for pair in p.over_batch if pair[0].ref.serial not in p.classifiers]


def unnamed(p: Player, at: At) -> None:
    """A softmax whose dimension is not named; in a forward that is played aside it is noted for later."""
    if p.inside:
        p.unnamed.append(at)
    else:
        p.say(SOFTMAX, at, None, (), axis="unnamed")


def say_unnamed(p: Player, m: Module, given: list[Value]) -> None:
    """Say the softmaxes of no named dimension in a model's forward, once."""
    from glassloop.source.inside import look

    if p.program.unnamed and m.cls is not None and m.ref.serial not in p.classifiers_seen:
        p.classifiers_seen.add(m.ref.serial)
        seen = look(p, m, tuple(given), m.training)
        for at in seen.unnamed if seen is not None else ():
            p.say(SOFTMAX, at, None, (), axis="unnamed")
