"""The words: what a training loop does, one event at a time.

Two ears speak them. The reader plays a script's text; the tap hears a real run. A rule cannot tell which of the two it
is listening to, so every word here says exactly when it fires, and both ears keep to it.

Three laws hold for every kind:

- **Only the outermost call is heard.** A model's forward hides the forwards (and the losses) inside it; a wrapper hides
  what it wraps and shares its Ref; what a constructor does to itself (a scheduler's first step) is no event.
- **`at` is the place in the user's code**: the innermost line that belongs to neither torch nor another library.
- **An event that might have happened is no event.** An ear that cannot follow some code says `opaque`.

Standard library only, and the tap makes one of these per call: a NamedTuple costs 0.3 µs, a frozen dataclass 1.1 µs.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from types import MappingProxyType
from typing import NamedTuple

# --- roles: what a Ref can stand for ----------------------------------------------------------------------
MODEL = "model"  # an nn.Module that is no loss
OPTIMIZER = "optimizer"  # a torch.optim.Optimizer
SCHEDULER = "scheduler"  # anything of torch.optim.lr_scheduler
SCALER = "scaler"  # a GradScaler
LOADER = "loader"  # a torch.utils.data.DataLoader
SAMPLER = "sampler"  # a DistributedSampler
LOSS = "loss"  # a loss module (torch.nn.modules.loss)
PROGRAM = "program"  # the program itself, for a rule that follows no object: one machine for the whole stream

# --- kinds: `what` is the object acted on (None where the line below says so), `of` the optimizers concerned ----------
MADE = "made"  # an optimizer, scheduler (of: its optimizer), scaler, loader or sampler has been built; facts: unit,
#                length, drops, workers, shuffles
PASS_BEGIN = "pass-begin"  # an iterator over a loader has been made; of: its DistributedSampler; facts: order, again
BATCH = "batch"  # a loader has handed over a batch
PASS_END = "pass-end"  # a loader has run dry (a `break` leaves its pass without an end); where a framework counts the
#                        batches and asks for none too many: before the next schedule, pass or batch
SET_EPOCH = "set-epoch"  # a sampler has been told which epoch it is to order anew
TO_DEVICE = "to-device"  # a model has been moved or cast (`to`, `cuda`, `half`, …)
ZERO_GRAD = "zero-grad"  # gradients have been cleared; what: who was told (None: `p.grad = None`); of: who is emptied
FORWARD = "forward"  # a model is about to be called; of: the optimizers of its parameters; facts: training, grad
LOSS_MADE = "loss"  # an nn or F loss has been computed; what: the loss module or None; facts: mean
SCALE = "scale"  # a scaler has scaled a loss
BACKWARD = "backward"  # a backward has run; what: None; of: optimizers whose parameters it reached; facts: scaled, cut,
#                        mean, retained, graphs, turn, autocast.
#                        torch.autograd.grad is a backward with of=(): it fills no parameter's gradient.
UNSCALE = "unscale"  # a scaler has divided an optimizer's gradients; what: the scaler; of: that optimizer
CLIP = "clip"  # gradients have been clipped by norm or value; what: None; of: the optimizers whose gradients those are
STEP = "step"  # an optimizer has updated its parameters; fires after the update, so a closure's events come first.
#                A step that a scaler skips is `opaque`. of: it, and optimizers that share its parameters
SCALER_UPDATE = "scaler-update"  # a scaler has set its scale for the next step
SCHEDULE = "schedule"  # a scheduler has set the learning rate anew; of: its optimizer
TRAIN_MODE = "train-mode"  # train(), or train(True), whether or not that is a change; of: the models inside it
EVAL_MODE = "eval-mode"  # eval(), or train(False); of: the models inside it
GRAD_ON = "grad-on"  # graphs are recorded again (a no_grad left, set_grad_enabled(True)); only where that is a change
GRAD_OFF = "grad-off"  # graphs are no longer recorded (no_grad or inference_mode entered); only where that is a change
LOG = "log"  # a value went to a tracker (no ear says this yet)
SAVE = "save"  # torch.save has written something; of: whose state (reader only); facts: whole, resumes, everyone
LOAD = "load"  # torch.load has read something; facts: unsafe
RESTORE = "restore"  # load_state_dict has put back into `what` a state that was read from a file
SEED = "seed"  # a generator that the whole run draws from has been seeded (reader only)
SYNC = "sync"  # the host has waited for an accelerator, to read a value out of what a model gave (a run: out of any tensor)
AVERAGED = "averaged"  # means of batches are divided by their number; what: the loader, where it is len(loader)
JOINED = "joined"  # the process has become one of several (init_process_group)
REJECTED = "rejected"  # a call that today's PyTorch refuses (of the whole text, played or not); facts: name, instead, drop
HELD = "held"  # what certainly carries a graph was added to what held one already (a sum, a list); facts: graphs, those
#                held so far. A run says it after a step where the graphs of an earlier step are alive; facts: graphs, many
SOFTMAX = "softmax"  # a softmax over a dimension that is not the classes' was taken, or a layer for one made; facts: axis
RESCALED = "rescaled"  # gradients were multiplied or divided by hand, in place; of: the optimizers whose gradients those are
COMPARED = "compared"  # an optimizer has stepped, or the run is over, and the parameters that got gradients were put beside
#                        those that optimizers hold: at its first steps, after a change, then ever more rarely. what: the
#                        optimizer; of: it, for `unregistered` the model, too; facts: left-out, unmoved, unheld, unregistered
BROADCAST = "broadcast"  # an element-wise loss was given shapes that differ, and repeated the prediction to fit; what: None;
#                        fires inside a forward, too; facts: shapes
INNER_LOSS = "inner-loss"  # a loss that a model's own forward computes was given what it does not take; what: None;
#                            facts: takes, given
MEASURED = "measured"  # numbers of steps taken some while ago have been read; what: their optimizer, facts: rows, names,
#                        sizes; or a scaler, facts: scale-now, updates, steps
DRAWN = "drawn"  # one number, with a graph, that was drawn together by hand (a mean, a sum) of several tensors is kept;
#                of: the optimizers that a backward from it would reach; facts: place, node, over
OPAQUE = "opaque"  # code that could not be followed may have touched `of` (None: anything); every machine forgets
END = "end"  # the program is over (a text that is a library has no end)

KINDS = (
    MADE, PASS_BEGIN, BATCH, PASS_END, SET_EPOCH, TO_DEVICE, ZERO_GRAD, FORWARD, LOSS_MADE, SCALE, BACKWARD,
    UNSCALE, CLIP, STEP, SCALER_UPDATE, SCHEDULE, TRAIN_MODE, EVAL_MODE, GRAD_ON, GRAD_OFF, LOG, SAVE, LOAD,
    RESTORE, SEED, SYNC, AVERAGED, JOINED, REJECTED, HELD, RESCALED, SOFTMAX, COMPARED, BROADCAST, MEASURED, DRAWN,
    INNER_LOSS, OPAQUE, END,
)  # fmt: skip

# Kinds that no run says, as they are about the text, or that it says elsewhere (held: after the step) or on an accelerator
# alone (sync). Streams of the two ears are compared without them.
ONLY_READ: frozenset[str] = frozenset({RESTORE, SEED, SYNC, AVERAGED, JOINED, REJECTED, HELD, SOFTMAX, DRAWN})

# Kinds that no text can say.
ONLY_HEARD: frozenset[str] = frozenset({COMPARED, BROADCAST, MEASURED})

# --- facts: what only one of the ears may know; an absent fact is unknown ----------------------------------------
TRAINING = "training"  # forward: bool, the mode of the model that is called
UNHELD = "unheld"  # forward: (place, optimizers): where parameters inside became new ones that no optimizer holds, and
#                    who holds those that they replaced; absent where there are none (reader only). compared: the same
UNREGISTERED = "unregistered"  # forward: places where the model got plain lists whose layers it uses and nobody updates
#                                (reader only). compared: the same
LEFT_OUT = "left-out"  # compared: str, names of parameters that get gradients and that no optimizer holds (a run only)
UNMOVED = "unmoved"  # compared: (str, int), names of parameters that the optimizer holds and that have had no gradient in
#                      any of so many steps, of a run that is long or over (a run only)
SHAPES = "shapes"  # broadcast: str, the shapes of the prediction, of the target and of what came of them (a run only)
MINDS = "minds"  # forward: the name of a layer inside that is in training mode and minds it; in evaluation mode NOTHING
#                  where none inside would mind, whatever its mode; absent where none is known
WITH = "with"  # forward: the words and small numbers among its arguments after the first: which head, which task
FROZEN = "frozen"  # forward: True where a graph could be recorded and no parameter inside takes a gradient (reader only)
GRAD = "grad"  # forward: bool, whether a graph is recorded
SCALED = "scaled"  # backward: bool, whether the loss came out of an enabled scaler
UNIT = "unit"  # made(scheduler): "epochs" or "steps", what its length is counted in
TURN = "turn"  # schedule: hashable, the turn of the loop that counts what the schedule's length counts;
#                backward: the turns of all loops around it; in a run the pass and the turn alternate between two numbers
LOOP = "loop"  # schedule: (place, variable) of that loop, where it is a `for` over a plain name (reader only)
ROUND = "round"  # schedule counted in steps: int, its optimizer's steps in this turn of the innermost loop (reader only)
LENGTH = "length"  # made(scheduler): int, the calls its schedule is laid out for; made(loader): int, its batches
PLACED = "placed"  # made(scheduler): True where it is told at which step it stands (reader only); schedule: the same
CLOSURE = "closure"  # step: True where it was given a closure that goes backward, perhaps several times, before the update
MEAN = "mean"  # loss: bool, whether it is a mean over the batch; backward: and nothing has divided it since
CUT = "cut"  # backward: the place where its loss had left the graph of the model (None: unknown). It reaches no parameter.
GRAPHS = "graphs"  # backward: the graphs that it walks for certain, as numbers; held: those that stay alive
ADDED = "added"  # held: the graphs of what was added, as numbers (reader only)
NODE = "node"  # loss, forward: the number that its own graph has; absent where it has none (reader only)
OVER = "over"  # loss: what it was computed of, hashable: equal for losses of the same things (reader only);
#              drawn: the outputs of models that it was computed of
OUTS = "outs"  # backward: the outputs of models that its loss was computed of (reader only)
PLACE = "place"  # drawn: where it was made one number (reader only)
CARRIES = "carries"  # forward: True where it is given, or keeps, something of an earlier batch
SCORES = "scores"  # forward: True where its answer holds a loss (reader only)
WHOLE = "whole"  # backward: True where `graphs` are all of them
YOUNG = "young"  # backward: True where it has not run often enough to tell that what was not seen will not come
RETAINED = "retained"  # backward: bool, whether it was told to keep its graph
AUTOCAST = "autocast"  # backward: True where it ran inside autocast
PART = "part"  # zero-grad: (cleared, all), sets of marks, where a model was told that holds only some parameters of the
#              one optimizer concerned, and others have gradients; absent where all are cleared
UNGUARDED = "unguarded"  # zero-grad: True where it does not guard itself as the steps around it do (in accumulate())
BY = "by"  # step: the scaler that made it

UNSAFE = "unsafe"  # load: str, how it runs code that the file may hold (reader only)
MANY = "many"  # held: True where so many graphs are alive that nobody can need them (run only)
WHOLE = "whole"  # save: bool, whether `of` are certainly all whose state it holds (reader only)
RESUMES = "resumes"  # save: bool, whether the program has read what it saves here: the file, or items of these names
EVERYONE = "everyone"  # save: True where every process comes here and writes the same file (reader only)
NAME, INSTEAD, DROP = "name", "instead", "drop"  # rejected: str, what; what to write; the argument that has to go or ""
ORDER = "order"  # pass-begin: STORED or SHUFFLED: how the samples of this pass come; absent where a sampler decides
STORED, SHUFFLED = "stored", "shuffled"
AGAIN = "again"  # pass-begin: True where the pass stands in a loop that goes round more often than is played (reader only)
DROPS = "drops"  # made(loader): bool, whether a last batch that is not full is left out
EVEN = "even"  # made(loader): True where every batch that it hands over is full
DRAWS = "draws"  # made(loader): place, of the generator object that its dataset keeps and draws samples with (in a run the
#                  text tells it)
BARE = "bare"  # pass-begin: True where workers begin outside `if __name__ == "__main__"` (reader only)
SPARED = "spared"  # end: optimizers that an arm which was not taken steps, after a backward of its own (reader only)
FOLLOWED = "followed"  # end: True where nothing was called but the program itself and known libraries. In a run: where
#                      nobody seeded torch's generator, and the text seeds no other
WORKERS = "workers"  # made(loader): int, how many processes fetch
SHUFFLES = "shuffles"  # made(sampler): bool
TAKES = "takes"  # loss: what its first argument is meant to be, "class logits" or "binary logits"; said beside GIVEN
GIVEN = "given"  # loss: what that argument is known to be instead: PROBABILITIES, LOG_PROBABILITIES
AXIS = "axis"  # softmax, loss: "unnamed" or "batch", the dimension a softmax was taken over
GIVEN_AT = "given-at"  # loss: the place where it was made so (reader only)

ROWS = "rows"  # measured: tuple of Row, one a step, in their order (a run only, and so all that follow)
NAMES, SIZES = "names", "sizes"  # measured: of the optimizer's parameters, in its order: str; int, the elements of each
SCALE_NOW = "scale-now"  # measured: float, a scaler's scale
UPDATES = "updates"  # measured: int, how often the scaler has set it since it was last read
STEPS = "steps"  # measured: int, the steps that the run has taken since then

PROBABILITIES, LOG_PROBABILITIES = "probabilities", "log-probabilities"  # of a softmax or a sigmoid; their logarithms

NOTHING = "nothing"  # minds: every layer inside is known, and answers the same in either mode

SHARED = "shared"  # pass-end: a Shared for every other loader that handed over some of its samples, too; else absent
REPEATS = "repeats"  # pass-end: the loader of the last pass over this data, where its samples came in the very same order
WAITED = "waited"  # batch: a Waited, each time that the batches of a loader have doubled in number

NO_FACTS: Mapping[str, object] = MappingProxyType({})

# A place: the reader stores a findings.Where, the tap a code object and an instruction, resolved late.
Place = Hashable


class Ref(NamedTuple):
    """An object of the run, by name and never by hold: refs are equal where they mean the same object."""

    serial: int
    role: str  # one of the roles above
    label: str  # its class, for people: "AdamW"


class Shared(NamedTuple):
    """Samples that a loader handed over and that `other` did, too: how many, `of` how many of its own, `among` theirs."""

    other: Ref
    exact: bool  # the same items of the same data; else samples that hold the same bytes
    number: int
    of: int
    among: int
    whole: bool  # whether theirs are all that they hand over; else those looked at so far, or as many as were worth it
    telling: bool  # whether samples of this data vary so much that equal ones are copies of one another
    repeated: float  # the share of theirs that holds what another of theirs holds
    which: tuple[int, ...]  # the first of them, by their numbers in the pass


class Waited(NamedTuple):
    """How long a loop waited for a loader's batches, without the first one of each pass."""

    batches: int
    seconds: float  # in all
    typical: float  # seconds for one batch, the median of the latest
    share: float  # of the time from each batch to the next


THE_PROGRAM = Ref(0, PROGRAM, "program")  # there from the start; no event names it


class Row(NamedTuple):
    """The numbers of one step. None: unknown, or not looked at in this step."""

    step: int  # which of the run's optimizer steps, counted from 1
    at: Place  # where the optimizer stepped
    backward: Place  # where the backward ran that `loss` is of
    loss: float | None  # what the last backward before the step began with; of several the first that is not finite
    norm: float | None  # of the gradients, all together, before a clip
    parts: tuple[float | None, ...] | None  # of each gradient, in the order of NAMES; None in it: that one had none
    rates: tuple[float | None, ...]  # the learning rate of each group
    scaled: bool  # whether the loss had been scaled
    clipped: bool  # whether the norm was clipped


class Event(NamedTuple):
    """One thing that the loop did."""

    kind: str
    at: Place
    what: Ref | None = None
    of: tuple[Ref, ...] | None = None  # None: unknown. A rule that needs it must abstain.
    facts: Mapping[str, object] = NO_FACTS
    sure: bool = True  # always in the tap; False in the reader where the object's role was guessed from its use


def definition(kind: str) -> str:
    """When an event of this kind fires: the words beside its constant above, read and not repeated."""
    import inspect
    import sys

    lines = inspect.getsource(sys.modules[__name__]).splitlines()
    start = next(i for i, line in enumerate(lines) if f'= "{kind}"  # ' in line)
    words = [lines[start].split("  # ", 1)[1]]
    for line in lines[start + 1 :]:
        if not line.startswith("#  "):
            break
        words.append(line.lstrip("# "))
    return " ".join(words)
