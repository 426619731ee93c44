"""Notes of what surrounds the update: modes, recording, schedules, devices, files, and what is made before the loop."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence

from glassloop.annotate.blocks import Note
from glassloop.annotate.context import Context, Seen
from glassloop.annotate.notes import OPTIMIZERS
from glassloop.events import (
    DROPS,
    EVAL_MODE,
    GRAD_OFF,
    GRAD_ON,
    JOINED,
    LOAD,
    LOADER,
    MADE,
    OPTIMIZER,
    RESCALED,
    RESTORE,
    SAMPLER,
    SAVE,
    SCALER,
    SCHEDULE,
    SCHEDULER,
    SET_EPOCH,
    SHUFFLED,
    STORED,
    TO_DEVICE,
    TRAIN_MODE,
)

Seens = Sequence[Seen]
SCHEDULES = {
    "StepLR": "multiplies the rate by a factor every so many calls",
    "MultiStepLR": "multiplies the rate by a factor at given calls",
    "ExponentialLR": "multiplies the rate by a factor at every call",
    "CosineAnnealingLR": "lets the rate fall along half a cosine",
    "CosineAnnealingWarmRestarts": "lets the rate fall along a cosine and start again",
    "LinearLR": "moves the rate along a straight line, as for a warm-up",
    "OneCycleLR": "lets the rate rise and fall once over the whole run",
    "LambdaLR": "multiplies the first rate by a function of the count of calls",
    "ReduceLROnPlateau": "lowers the rate when a watched number has stopped improving",
    "SequentialLR": "runs several schedules one after the other",
    "PolynomialLR": "lets the rate fall along a power of what is left",
    "ConstantLR": "holds the rate back for the first calls",
}


def train_mode(seen: Seens, context: Context) -> Note:
    """train()."""
    what = "Training mode: dropout is active, batch-norm uses the batch's own statistics and updates its running ones."
    why = "Before the forwards that train."
    if all(s.told["back"] for s in seen):
        why = f"Back to training after the evaluation mode{_line(seen, 'line before')}."
    elif any(s.told["back"] for s in seen):
        why = (
            f"Before each training pass: the evaluation in between leaves the model in evaluation mode{_back(seen)}."
        )
    breaks = (
        "Left out after an evaluation, the model would go on training without dropout and with frozen "
        "batch-norm statistics."
    )
    return Note(TRAIN_MODE, what, why, breaks, ("train-mode-missing",))


def _back(seen: Seens) -> str:
    lines = [s.told["line before"] for s in seen if s.told["back"] and s.told["line before"] is not None]
    return f" (line {lines[0]})" if lines else ""


def eval_mode(seen: Seens, context: Context) -> Note:
    """eval()."""
    what = "Evaluation mode: dropout is off and batch-norm uses its running statistics; weights and gradients are untouched."
    why = "Before the forwards that judge or generate, so that a sample's result depends on nothing but the sample."
    if any(s.told["grad"] is True for s in seen) and not any(s.told["grad"] is False for s in seen):
        why = f"The next forward{_line(seen, 'line after')} still records a graph: this mode does not switch that off."
    breaks = (
        "Left out, the outputs would be noisy and depend on the rest of the batch. It does not stop "
        "gradients: no_grad does."
    )
    return Note(EVAL_MODE, what, why, breaks, ("eval-mode-missing", "train-mode-missing"))


def flagged(seen: Seens, context: Context) -> Note:
    """train(flag): either mode."""
    what = "Puts the model into the mode that the flag says: training, or evaluation."
    why = "A function that evaluates leaves the model in the mode in which it found it."
    return Note("mode", what, why, "", ("train-mode-missing",))


def grad_off(seen: Seens, context: Context) -> Note:
    """no_grad or inference_mode is entered."""
    what = "Stops recording: what runs inside builds no graph, so it costs its forward alone, in time and in memory."
    why = "Around what is only looked at. It changes no mode: dropout and batch-norm need eval()."
    breaks = "Left out, every forward inside would keep its activations. A loss that is made inside cannot go backward."
    return Note(GRAD_OFF, what, why, breaks, ("no-grad-missing",))


def grad_on(seen: Seens, context: Context) -> Note:
    """Recording is on again."""
    return Note(GRAD_ON, "Graphs are recorded again from here on.")


def schedule(seen: Seens, context: Context) -> Note:
    """A scheduler sets the rate."""
    label = seen[0].event.what.label if seen[0].event.what is not None else ""
    does = SCHEDULES.get(label)
    what = f"Sets the next learning rate: {label} {does}." if does else "Sets the learning rate for what comes next."
    unit = next((context.units[s.told["own line"]] for s in seen if s.told.get("own line") in context.units), None)  # type: ignore[index]
    counts = [int(str(s.told["steps"])) for s in seen if s.told["again"]] or [int(str(s.told["steps"])) for s in seen]
    if label == "ReduceLROnPlateau":
        why = "Once for every evaluation: it counts how often the number has not improved."
        breaks = "Once a batch, its patience would be counted in batches, and the rate could fall within the first epoch."
        return Note(SCHEDULE, what, why, breaks, ("scheduler-per-batch",))
    if max(counts) == 1:
        why = "Once for every step of the optimizer, after it."
        breaks = "Once an epoch it would get through a part of its length only, if that is counted in steps."
    elif max(counts) > 1:
        why = "Once for many steps of the optimizer (once an epoch), after them."
        breaks = "Once a batch it would be through its length long before the run is; a cosine would go up and down again."
    else:
        why = "No step of its optimizer was seen between two calls of it."
        breaks = ""
    guarded = any(isinstance(n, ast.If) for n in context.layout.inside.get(seen[0].line, ()))
    if any(s.told["first"] for s in seen) and not guarded:
        why += " On the first turn no step has been taken before it: the first rate of the schedule is never used."
    if unit in ("epochs", "steps"):
        why += f" Its length is counted in {unit}."
    return Note(
        SCHEDULE, what, why, breaks, ("scheduler-per-batch", "scheduler-per-epoch", "scheduler-before-optimizer")
    )


def to_device(seen: Seens, context: Context) -> Note:
    """A model is moved or cast."""
    what = "Moves the model's weights to another device (or casts them), in place: the parameters stay the same objects."
    why = "Weights and input must lie in the same memory and have matching types before the first forward."
    if any(s.told["late"] for s in seen):
        why = "An optimizer exists already. That does no harm: it holds the same parameter objects."
    return Note(TO_DEVICE, what, why, "", ())


def made(seen: Seens, context: Context) -> Note:
    """An optimizer, a scheduler or a scaler is built."""
    ref = seen[0].event.what
    role, label = (ref.role, ref.label) if ref is not None else ("", "")
    if role == OPTIMIZER:
        does = OPTIMIZERS.get(label)
        what = f"Makes the optimizer. {label} {does}." if does else "Makes the optimizer, over the parameters it is given."
        why = "After the model has its final parameters: it keeps the very tensors it is given here."
        breaks = "A layer that is replaced or added later is not among them and would not be trained."
        return Note(OPTIMIZER, what, why, breaks, ("optimizer-stale-parameters", "parameters-not-in-optimizer"))
    if role == SCHEDULER:
        does = SCHEDULES.get(label)
        unit = context.units.get(seen[0].line)
        what = f"Makes the schedule. {label} {does}." if does else "Makes the schedule of the learning rate."
        what += f" Its length is counted in {unit}." if unit in ("epochs", "steps") else ""
        why = "After the optimizer whose rate it sets; making it sets the first rate. "
        why += "How often it must be called follows from what its length counts."
        return Note(SCHEDULER, what, why, "", ("scheduler-never-stepped", "scheduler-per-batch", "scheduler-per-epoch"))
    if role == SCALER:
        what = (
            "Makes the scaler: it multiplies the loss so that float16 gradients do not round to zero, "
            "and divides them again."
        )
        return Note(SCALER, what, "One for the whole run: it learns its factor.", "", ("scaler-bypassed",))
    if role == LOADER:
        return _loader(seen)
    if role == SAMPLER:
        what = "Makes the sampler that gives each process its own share of the data."
        return Note(SAMPLER, what, "Its order stays the same unless it is told the epoch.", "", ("sampler-epoch-not-set",))
    return Note(MADE, "Makes an object that the loop uses.")


def _loader(seen: Seens) -> Note:
    what = "Makes the loader: it cuts the data into batches."
    orders = {s.told.get("order") for s in seen} - {None}
    if orders == {SHUFFLED}:
        what += " Each pass goes through the data in a new order."
    elif orders == {STORED}:
        what += " Each pass goes through the data in the order in which it is stored."
    if all(s.event.facts.get(DROPS) for s in seen):
        what += " A last batch that is not full is left out."
    why = "Training data is shuffled anew for each pass; validation data need not be."
    return Note("loader", what, why, "", ("train-data-not-shuffled", "validation-data-shuffled", "validation-drops-last"))


def set_epoch(seen: Seens, context: Context) -> Note:
    """A sampler is told the epoch."""
    what = "Tells the sampler which epoch it is: its shuffling follows from that number."
    breaks = "Left out, every epoch goes through the data in the same order."
    return Note(SET_EPOCH, what, "Before the pass over the loader begins.", breaks, ("sampler-epoch-not-set",))


def save(seen: Seens, context: Context) -> Note:
    """torch.save."""
    what = "Writes a file: what is in it is all that will be there after a crash."
    why = (
        "Best between two steps, so that weights and optimizer state belong together. To go on exactly, a run needs the "
        "optimizer, the schedule, the scaler, the random state and the position, too."
    )
    return Note(SAVE, what, why, "", ("checkpoint-incomplete", "checkpoint-every-rank"))


def load(seen: Seens, context: Context) -> Note:
    """torch.load."""
    what = "Reads what was saved earlier."
    return Note(LOAD, what, "With weights_only=False the file may run code of its own.", "", ("unsafe-load",))


def restore(seen: Seens, context: Context) -> Note:
    """load_state_dict of what was read."""
    what = "Puts a state that was read from a file back into an object: from here on it is as it was when that was saved."
    why = "After the object has been made, before the first step that must go on from there."
    return Note(RESTORE, what, why, "", ("checkpoint-incomplete",))


def joined(seen: Seens, context: Context) -> Note:
    """init_process_group."""
    what = "Joins the other processes of this run: from here on they can exchange gradients and wait for each other."
    return Note(JOINED, what, "Before the model is wrapped.", "", ("sampler-epoch-not-set", "checkpoint-every-rank"))


def rescaled(seen: Seens, context: Context) -> Note:
    """Gradients multiplied or divided by hand."""
    why = "After the backwards that made them, before the step that uses them."
    return Note(RESCALED, "Multiplies or divides the gradients by hand.", why, "", ("accumulation-not-averaged",))


def _line(seen: Seens, name: str) -> str:
    lines = [s.told[name] for s in seen if s.told.get(name) is not None]
    return f" at line {lines[0]}" if lines else ""


AROUND: dict[str, Callable[[Seens, Context], Note]] = {
    TRAIN_MODE: train_mode,
    EVAL_MODE: eval_mode,
    GRAD_OFF: grad_off,
    GRAD_ON: grad_on,
    SCHEDULE: schedule,
    TO_DEVICE: to_device,
    MADE: made,
    SET_EPOCH: set_epoch,
    SAVE: save,
    LOAD: load,
    RESTORE: restore,
    JOINED: joined,
    RESCALED: rescaled,
}
__all__ = ["AROUND", "flagged"]
