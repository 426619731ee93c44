"""What each event of an update does, why it stands where it stands, and what breaks if it moves.

A note is a function of the events that a line caused and of what surrounds them (context.py). It mentions no name of the
script's, so renaming everything leaves it as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from glassloop.annotate.blocks import Note
from glassloop.annotate.context import Seen
from glassloop.events import (
    BACKWARD,
    CLIP,
    CLOSURE,
    FORWARD,
    FROZEN,
    GRAD,
    LOSS_MADE,
    MEAN,
    SCALE,
    SCALER_UPDATE,
    STEP,
    TRAINING,
    UNSCALE,
    ZERO_GRAD,
)

OPTIMIZERS = {
    "SGD": "moves each weight by its gradient times the learning rate (with momentum, by a running mean of gradients)",
    "Adam": "moves each weight by its gradient's running mean over the root of its running square",
    "AdamW": "moves each weight by its gradient's running mean over the root of its running square, and shrinks it a little "
    "(weight decay apart from the gradient)",
    "RMSprop": "moves each weight by its gradient over the root of its running square",
    "Adagrad": "moves each weight by its gradient over the root of the sum of all squares so far",
    "LBFGS": "walks along a direction made from past gradients, calling the closure as often as it needs",
    "NAdam": "as Adam, looking ahead along the momentum",
    "RAdam": "as Adam, with a warm-up built into its first steps",
    "Adadelta": "moves each weight by its gradient, scaled by running squares of gradients and of updates",
}


def zero_grad(seen: Sequence[Seen]) -> Note:
    """Gradients are cleared."""
    first = seen[0].told
    what = "Empties the gradients: from here on every parameter's .grad is None (or zero)."
    if seen[0].event.what is None:
        what = "Empties gradients by hand: the same as zero_grad()."
    elif seen[0].event.what.role == "model":
        what = "Empties the gradients of all parameters of this model, whichever optimizer holds them."
    if first["place"] == "between":
        return Note(
            ZERO_GRAD,
            what,
            f"It stands between the backward{_at(first, 'line before')} and the "
            f"step{_at(first, 'line after')}: that step finds "
            "nothing to apply.",
            "It belongs before the backward, or after the step.",
            ("zero-grad-between-backward-and-step",),
        )
    if any(s.told["stray"] for s in seen):
        why = (
            f"A backward for something else{_at_any(seen, 'line before')} has left gradients here, "
            "too; they are thrown away, "
            "for the next step must not use them."
        )
    elif first["place"] == "before":
        why = (
            "A backward adds to what the gradients hold, so they are emptied once for every step, before its first backward."
        )
    elif all(s.told["last"] for s in seen):
        why = (
            "The step has used the gradients. On the paths that were read no backward follows; one that did would add to "
            "what they hold."
        )
    else:
        why = (
            "The step has used the gradients. The next backward adds to what they hold, so they are emptied here, "
            "once for every step."
        )
    breaks = (
        "Between the backward and the step it would empty the update. Left out, every step would apply the sum of all "
        "gradients since the start. Before the first backward or right after the step is the same cycle."
    )
    rules = ("zero-grad-missing", "zero-grad-between-backward-and-step", "zero-grad-breaks-accumulation")
    return Note(ZERO_GRAD, what, why, breaks, rules)


def forward(seen: Sequence[Seen]) -> Note:
    """A model is called."""
    records = {s.event.facts.get(GRAD) for s in seen}
    modes = {s.event.facts.get(TRAINING) for s in seen}
    owners = {s.event.of for s in seen}
    if all(s.event.facts.get(FROZEN) for s in seen):
        what = "Goes through a model whose parameters take no gradient here. Where its input carries a graph, "
        return Note(FORWARD, what + "gradients flow through it to that input; otherwise no graph is kept.")
    if records == {False}:
        return _forward_only(modes)
    what = "Runs the model on the batch, and records the graph that the backward will walk."
    if modes == {False} and not any(s.told["walked"] for s in seen):
        what = "Runs the model in evaluation mode with recording on: it keeps a graph that no backward seen here walks."
        return Note(FORWARD, what, "Under no_grad it would cost its forward alone.", "", ("no-grad-missing",))
    if owners == {()} and any(s.told["optimizers"] for s in seen):
        what = (
            "Goes through a model that no optimizer seen here holds. Its graph is recorded: "
            "gradients can flow through it "
            "to its input, but its own weights are not stepped."
        )
    if len(records) > 1:
        what += " On another path of this program the same line runs without recording."
    why = "It comes before the loss, which is made from what it returns (or is a part of it)."
    after = _at_any(seen, "line after")
    if after:
        why += f" The activations it keeps are freed by the backward{after}."
    breaks = (
        "Under no_grad or inference_mode nothing would be recorded and the backward would raise. In evaluation mode dropout "
        "would be off and batch-norm would use its running statistics while training."
    )
    return Note(FORWARD, what, why, breaks, ("train-mode-missing",))


def _forward_only(modes: set[object]) -> Note:
    what = "Runs the model without a graph: only the output is kept. It needs less memory, and cannot be trained on."
    if modes == {False}:
        why = "The model is in evaluation mode: dropout off, batch-norm by its running statistics."
        breaks = (
            "In training mode the same sample would be judged differently each time, and by its neighbours in the batch."
        )
        return Note(FORWARD, what, why, breaks, ("eval-mode-missing", "no-grad-missing"))
    if modes == {True}:
        why = (
            "The model is in training mode here: dropout is active, and batch-norm goes on updating its running statistics."
        )
        return Note(FORWARD, what, why, "", ("eval-mode-missing",))
    return Note(FORWARD, what, "", "", ("eval-mode-missing", "no-grad-missing"))


def loss(seen: Sequence[Seen]) -> Note:
    """A loss of nn or F is computed."""
    trains = any(s.told["trains"] for s in seen)
    label = seen[0].event.what.label if seen[0].event.what is not None else ""
    kind = LOSSES.get(label, "")
    what = "Computes the loss: one number for how wrong the outputs are" + (f" ({kind})." if kind else ".")
    if all(s.event.facts.get(MEAN) is False for s in seen):
        what += " It is no mean over the batch, so its size grows with the batch's."
    rules = {"CrossEntropyLoss": ("softmax-before-cross-entropy",), "BCEWithLogitsLoss": ("sigmoid-before-bce-with-logits",)}
    if not trains:
        if not any(s.told["recording"] for s in seen):
            return Note(LOSS_MADE, what, "It is only reported: no graph is recorded here, and nothing goes backward.")
        return Note(LOSS_MADE, what, "On the paths that were read no backward follows it directly.")
    why = f"Its graph leads back through the forward to the weights; the backward{_at_any(seen, 'line after')} walks it."
    breaks = (
        "Turned into a number (.item(), float()) or cut off (.detach(), .data) before the backward, it would teach nothing."
    )
    return Note(LOSS_MADE, what, why, breaks, (*rules.get(label, ()), "detached-loss"))


LOSSES = {
    "CrossEntropyLoss": "the negative log of the probability given to the right class; it wants logits, not probabilities",
    "NLLLoss": "the negative log-probability of the right class; it wants log-probabilities",
    "MSELoss": "the mean of the squared differences",
    "L1Loss": "the mean of the absolute differences",
    "SmoothL1Loss": "squared near zero, absolute beyond",
    "HuberLoss": "squared near zero, absolute beyond",
    "BCELoss": "the negative log-likelihood of yes/no labels; it wants probabilities",
    "BCEWithLogitsLoss": "the negative log-likelihood of yes/no labels; it wants logits",
    "KLDivLoss": "how far one distribution is from another; it wants log-probabilities first",
}


def backward(seen: Sequence[Seen]) -> Note:
    """A backward has run."""
    known = any(s.told["optimizers"] for s in seen)
    if known and all(s.event.of == () for s in seen):
        return Note(
            BACKWARD,
            "Walks the graph backward and returns (or fills) gradients that belong to no optimizer seen here: "
            "no parameter that is stepped gets anything from this line.",
            "",
            "",
            ("backward-missing",),
        )
    what = "Walks the graph from the loss to the weights and adds to each parameter's .grad; it changes no weight."
    many = max(len(s.event.of or ()) for s in seen)
    if many > 1:
        what += (
            f" It reaches the parameters of {many} optimizers: what is not to be stepped must be cleared before it is used."
        )
    same = known and any(s.told["adds"] is not None and s.told["same"] for s in seen)
    other = next((s for s in seen if s.told["adds"] is not None and not s.told["same"]), None)
    why = "After the loss it starts from, and before the step that uses its gradients."
    why += "" if known else " Which optimizer that is could not be told from this file."
    if same:
        why = "It runs several times for one step: the gradients of these backwards add up (accumulation)."
    elif other is not None and other.told["line before"] not in (None, other.line):
        why = f"Its gradients add to those of the backward at line {other.told['line before']}; one step uses the sum."
    if any(s.told["scaled"] is True for s in seen):
        why += " The loss comes through the scaler: where that is on, gradients are too large by its factor until unscaled."
    breaks = (
        "After the step, that step would use the gradients of the iteration before (none at all, the first time). "
        "Left out, nothing is learned."
    )
    rules = ["backward-missing", "step-missing"]
    if same:
        rules.append("accumulation-not-averaged")
        breaks += " Each backward counts fully: to weigh as one large batch, a mean loss is divided by their number."
    return Note(BACKWARD, what, why, breaks, tuple(rules))


def step(seen: Sequence[Seen]) -> Note:
    """An optimizer has updated its parameters."""
    label = seen[0].event.what.label if seen[0].event.what is not None else ""
    does = OPTIMIZERS.get(label)
    what = f"The update: {label} {does}." if does else "The update: each of its weights is moved against its gradient."
    backwards = max(int(str(s.told["backwards"])) for s in seen)
    why = "After the backward (and after clipping), because it uses the gradients that are there now."
    if any(s.told["line before"] is None for s in seen) and all(s.told["backwards"] in (-1, 0) for s in seen):
        why = "On the paths that were read no backward comes before it."
    elif backwards > 1:
        why = "Once for several backwards: it applies the sum of the gradients since the last clearing."
    if any(s.event.facts.get(CLOSURE) for s in seen):
        why = (
            "It calls the closure, which clears, computes the loss and goes backward, and then updates; "
            "perhaps several times."
        )
    if any(s.told["scaled"] is True for s in seen):
        what += " Where it goes through the scaler: the gradients are unscaled first, and an overflow skips the update."
    breaks = (
        "Before the backward it would apply the gradients of the iteration before. Run twice for one backward, "
        "it would apply the same gradients again."
    )
    return Note(STEP, what, why, breaks, ("step-missing", "zero-grad-missing", "backward-missing"))


def clip(seen: Sequence[Seen]) -> Note:
    """Gradients are clipped."""
    what = (
        "Clips the gradients: where they are longer (or larger) than the limit they are scaled (or cut) down to it; "
        "otherwise nothing changes."
    )
    before = seen[0].told["line before"]
    why = "After the backward that makes the gradients, before the step that uses them."
    if isinstance(before, int) and before != seen[0].line:
        why = f"After the backward that makes the gradients (line {before}), before the step that uses them."
    breaks = (
        "Before the backward it would clip what is about to be added to, after the step what has been used: neither limits "
        "anything. With a scaler it must follow the unscaling, or the limit is held against scaled gradients."
    )
    return Note(CLIP, what, why, breaks, ("clip-before-backward", "clip-after-step", "clip-before-unscale"))


def scale(seen: Sequence[Seen]) -> Note:
    """A scaler scales the loss."""
    return Note(
        SCALE,
        "Multiplies the loss by the scaler's factor, so that small float16 gradients do not round to zero. "
        "A scaler that is switched off passes it through.",
        "Before the backward, which carries the factor into every gradient.",
        "A backward on the unscaled loss would make the scaler divide what was never multiplied.",
        ("scaler-bypassed",),
    )


def unscale(seen: Sequence[Seen]) -> Note:
    """A scaler divides the gradients."""
    return Note(
        UNSCALE,
        "Divides this optimizer's gradients by the scaler's factor: from here on they have their true size.",
        "After the last backward and before anything that looks at the gradients' size, such as clipping; "
        "the scaler's step then does not divide again.",
        "After the clip, the limit would be held against gradients some thousand times too long. "
        "Twice in one step, it raises.",
        ("clip-before-unscale",),
    )


def scaler_update(seen: Sequence[Seen]) -> Note:
    """A scaler sets its factor anew."""
    return Note(
        SCALER_UPDATE,
        "Sets the scaler's factor for the next step: smaller after an overflow, larger after a long time without one.",
        "Once for every step, after it.",
        "Left out, an enabled scaler raises at the next step (within a broad except, in silence).",
        ("scaler-update-missing",),
    )


def _at(told: dict[str, object], name: str) -> str:
    return f" at line {told[name]}" if told.get(name) is not None else ""


def _at_any(seen: Sequence[Seen], name: str) -> str:
    lines = [s.told[name] for s in seen if s.told.get(name) not in (None, s.line)]
    return f" at line {lines[0]}" if lines else ""


UPDATE: dict[str, Callable[[Sequence[Seen]], Note]] = {
    ZERO_GRAD: zero_grad,
    FORWARD: forward,
    LOSS_MADE: loss,
    SCALE: scale,
    BACKWARD: backward,
    UNSCALE: unscale,
    CLIP: clip,
    STEP: step,
    SCALER_UPDATE: scaler_update,
}
__all__ = ["OPTIMIZERS", "UPDATE"]
