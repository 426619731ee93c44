"""Notes of a loop's lines that cause no event themselves: loops, guards, calls, what prepares an event, and what does not.

What a line prepares is followed through the names of its function: what it makes, which line reads that, and so on until a
line that causes an event. The names are only compared with each other, never understood.
"""

from __future__ import annotations

import ast
from collections import deque
from collections.abc import Iterable

from glassloop.annotate.around import save
from glassloop.annotate.blocks import Note
from glassloop.annotate.context import Context, Loop
from glassloop.annotate.names import block_of, imported_names, kinds_in, made_by, paths_called, read_by
from glassloop.events import (
    BACKWARD,
    BATCH,
    CLIP,
    FORWARD,
    LOSS_MADE,
    PASS_BEGIN,
    PASS_END,
    SAVE,
    SCHEDULE,
    STEP,
    ZERO_GRAD,
)

UPDATING = (BACKWARD, LOSS_MADE, FORWARD, CLIP, STEP, SCHEDULE)
USES = {
    BACKWARD: "Part of what the backward at line {line} starts from",
    LOSS_MADE: "Prepares what the loss at line {line} is made from",
    FORWARD: "Prepares what the forward at line {line} is given",
    CLIP: "Prepares what the clipping at line {line} uses",
    SAVE: "Prepares what line {line} writes to a file",
    "rate": "Prepares the learning rate that line {line} sets",
    STEP: "Prepares what the step at line {line} uses",
    SCHEDULE: "Prepares what the schedule at line {line} is told",
    "both": "Prepares what the forward and the loss at line {line} are given",
    "loop": "Prepares what the loop at line {line} goes through",
    "call": "Prepares what the call at line {line} is given",
    "guard": "Decides at line {line} whether the lines below it run",
}


RANKS = {"loop": 1, "call": 2, SAVE: 3, "guard": 4}  # what an update uses is told first


FROZEN = Note(
    "freeze",
    "Says whether these parameters take gradients from here on. Those that take none are not filled by a backward.",
    "Before the forward that it is meant for: a graph that is recorded already stays as it is.",
)
WEIGHTS = Note("weights", "Changes weights by hand, apart from any optimizer.")


def loop_note(loop: Loop, context: Context) -> Note:
    """What one turn of a loop is."""
    inner = [context.loops[line] for line in loop.holds if line in context.loops]
    steps_inside = [each.node.lineno for each in inner if STEP in each.kinds]
    if STEP in loop.own and steps_inside:
        what = f"One turn holds several steps: those of the loop at line {min(steps_inside)}, and one of its own."
        return Note("step loop", what)
    if STEP in loop.kinds and steps_inside:
        why = (
            "What belongs to an epoch stands here, outside of the loop over the batches: the mode, the "
            "evaluation, the checkpoint."
        )
        why += " A schedule that is counted in epochs is called here, one that is counted in steps in the inner loop."
        what = "One turn for each time through the inner loop: an epoch."
        return Note("epoch loop", what, why, "", ("scheduler-per-batch",))
    if STEP in loop.kinds and loop.passes:
        what = "One turn for each batch of the loader, until a pass over the training data is over."
        why = "One turn is one step: clear, forward, loss, backward, update."
        if _adds_up(loop, context):
            why = "One turn is one batch: forward, loss, backward. After some turns one step uses what they added up."
        if any(BACKWARD in each.kinds for each in inner):
            what = "One turn for each window of batches, until the loader has run dry."
            why = "One turn is one step, made from several batches: the inner loop goes backward for each of them."
        why += " The loader should hand over another order in each epoch, or the model learns the order, too."
        return Note("batch loop", what, why, "", ("train-data-not-shuffled", "loader-starves"))
    if STEP in loop.kinds:
        return Note("step loop", "One turn for each step of the optimizer: clear, forward, loss, backward, update.")
    if BACKWARD in loop.kinds and not context.steps:
        what = "Goes backward in each turn. Which optimizer steps, and where, could not be told from this file."
        return Note("training loop", what)
    if BACKWARD in loop.kinds:
        what = "One turn for each backward; the gradients of all turns add up, and one step after the loop uses their sum."
        why = "So a large batch is made from small ones that fit into memory (accumulation)."
        why += " Where the loss is a mean, each turn's is divided by their number, or the gradient grows with it."
        return Note("accumulation loop", what, why, "", ("accumulation-not-averaged", "zero-grad-breaks-accumulation"))
    if loop.passes or FORWARD in loop.kinds:
        what = "One turn for each batch" if loop.passes else "Goes through the model again and again"
        why = "Nothing goes backward in here: the weights stay as they are."
        if loop.passes:
            why += " A mean over batches must weigh each by its size, or a short last one counts too much."
        what += ", without training."
        return Note("evaluation loop", what, why, "", ("no-grad-missing",))
    return Note("loop", "A loop around no event of the update.")


def _adds_up(loop: Loop, context: Context) -> bool:
    """Whether a backward of this loop adds to what its own earlier turn has left: accumulation."""
    lines = range(loop.node.lineno, (loop.node.end_lineno or loop.node.lineno) + 1)
    return any(seen.told.get("same") is True for line in lines for seen in context.at.get(line, {}).get(BACKWARD, ()))


class Plain:
    """The notes of the lines without events, of one script."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.layout = context.layout
        self.imports = imported_names(context.reading.text.tree)
        self._scopes: dict[int, list[ast.stmt]] = {}

    def active(self) -> set[int]:
        """First lines of the statements that belong to a loop that trains or judges: all of them get a note."""
        found: set[int] = set()
        telling = {*UPDATING, ZERO_GRAD}
        for line, loop in self.context.loops.items():
            if loop.kinds & telling:
                found |= {line, *self._below(loop.node)}
        for line, kinds in self.context.at.items():
            function = self.layout.function(line)
            if function is not None and telling & set(kinds) and not self.layout.loops(line):
                below = self._below(function)
                # A function with the loop in it is a frame around that loop, not a part of it.
                found |= set(below) if found.isdisjoint(below) else set()
        return found

    def _below(self, top: ast.stmt) -> list[int]:
        return [line for line, around in self.layout.inside.items() if top in around]

    def note(self, node: ast.stmt) -> Note | None:
        """The note of a statement that caused no event, or None where nothing is worth saying."""
        remarks = self.context.remarks.get(node.lineno, set())
        if isinstance(node, ast.If):
            return self._guard(node)
        if node.lineno in self.context.through:
            return self._call(node)
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            return self._function(node)
        if isinstance(node, (ast.With, ast.AsyncWith)):
            return self._context(node)
        if self._saves(node):  # on none of the paths that were read
            return save([], self.context)
        simple = _simple(node)
        if simple is not None:
            return simple
        used = self._used(node)
        if "rate" in remarks:
            return Note(
                "learning rate",
                "Sets the learning rate by hand, in the parameter group it is given: a schedule without a scheduler.",
                "Before the step that is to use it.",
            )
        if "frozen" in remarks:
            return FROZEN
        if "weights" in remarks:
            return WEIGHTS
        if "moved" in remarks and "read" not in remarks:
            return Note(
                "to-device",
                "Moves data to the device (or casts it). " + (used or ""),
                "The model's weights and its input must lie in the same memory.",
                "Left out, the forward raises wherever the model lies elsewhere.",
            )
        if isinstance(node, (ast.For, ast.AsyncFor, ast.While)):
            return Note("loop", ("A loop around no event of the update. " + used).strip())
        if used:
            return Note("data", used + _arithmetic(node, used))
        return self._aside(node, remarks)

    def _aside(self, node: ast.stmt, remarks: Iterable[str]) -> Note:
        keeps = "No line of the update reads what this makes."
        if "read" in remarks:
            return Note(
                "figure",
                "Makes a plain number of a tensor, to keep or to print it; no line of the update reads it.",
                "On an accelerator the host waits here until the device has got that far.",
                "",
                ("sync-every-step",),
            )
        if "detached" in remarks:
            what = "Keeps a value without its graph, so that the step's activations can go."
            return Note("figure", what, "", "", ("loss-tensor-kept",))
        if isinstance(node, ast.Expr):
            call = node.value.func if isinstance(node.value, ast.Call) else None
            if isinstance(call, ast.Name) and call.id == "print":
                return Note("output", "Prints. The update does not depend on it.")
            if isinstance(call, ast.Attribute) and call.attr == "step":
                what = "Steps something whose kind could not be told from this file: an optimizer, or a schedule."
                return Note("not followed", what, "", "", ("step-missing",))
            if "opaque" in self.context.at.get(node.lineno, {}):
                return Note("not followed", "Calls code that could not be read; it may change what it is given.")
            return Note("bookkeeping", "A call that causes no event of the update.")
        return Note("bookkeeping", keeps)

    def _call(self, node: ast.stmt) -> Note:
        order = self.context.through[node.lineno]
        kinds = [kind for kind in sorted(order, key=order.__getitem__) if kind not in (BATCH, PASS_BEGIN, PASS_END)]
        goes = self.context.goes.get(node.lineno)
        where = f" (line {goes.lineno})" if goes is not None else ""
        return Note("call", f"Calls a function of this script{where}. What happens in it, in order: {', '.join(kinds)}.")

    def _function(self, node: ast.stmt) -> Note | None:
        callers = sorted(self.context.callers.get(node.lineno, ()))
        if not callers:
            return None
        lines = ", ".join(f"line {line}" for line in callers)
        return Note("function", f"Called at {lines}.")

    def _context(self, node: ast.With | ast.AsyncWith) -> Note:
        """A context that causes no event itself. Where it was made may say what it is."""
        kinds = kinds_in(node.body, self.context)
        made = {m for n in dict.fromkeys(self.layout.at.values()) if "autocast" in self._remarks(n) for m in made_by(n)}
        cast = [n for n in read_by(node) if n in made]
        what = f"Enters a context around {block_of(node.body)}"
        what += f" ({', '.join(kinds)})." if kinds else ", without an event of the update."
        if cast:
            what += " Where it is an autocast, products and convolutions inside use a lower precision."
        return Note("context", what, "", "", ("backward-inside-autocast",) if cast else ())

    def _remarks(self, node: ast.stmt) -> set[str]:
        return self.context.remarks.get(node.lineno, set())

    def _guard(self, node: ast.If) -> Note | None:
        test = node.test
        if isinstance(test, ast.Compare) and isinstance(test.left, ast.Name) and test.left.id == "__name__":
            why = "A worker of a loader that is spawned imports this file again and must not train."
            what = "Only where this file is run, not where it is imported."
            return Note("main guard", what, why, "", ("workers-without-main-guard",))
        kinds = kinds_in(node.body, self.context)
        lines = block_of(node.body)
        often = any(isinstance(n, ast.Mod) for n in ast.walk(test))
        when = "On some turns only (a remainder decides)" if often else "Only where this holds"
        if not kinds and isinstance(node.body[-1], ast.Continue):
            return Note("guard", f"{when}: the turn ends here, and what stands below in the loop is not run.")
        if not kinds:
            return Note("guard", f"{when}: {lines}, without an event of the update.")
        gathers = often and STEP in kinds and BACKWARD not in kinds  # else the whole step stands inside
        rules = ("zero-grad-breaks-accumulation", "accumulation-tail-dropped") if gathers else ()
        why = "The gradients of the turns in between add up until then." if gathers else ""
        return Note("guard", f"{when}: {', '.join(kinds)} ({lines}).", why, "", rules)

    def _used(self, node: ast.stmt) -> str:
        """What a statement's results are used for: the nearest event line that reads them, through other lines."""
        scope = self._scope(node)
        waiting, met = deque([node]), {node.lineno}
        uses: list[tuple[int, int, str]] = []
        while waiting:
            at = waiting.popleft()
            made = made_by(at)
            for other in scope if made else ():
                if other.lineno in met or not made & read_by(other) or not self._comes_to(at, other):
                    continue
                met.add(other.lineno)
                use = self._use(other, made)
                if use:
                    uses.append((RANKS.get(use, 0), other.lineno, use))
                else:
                    waiting.append(other)
        if not uses:
            return ""
        first = min(rank for rank, _, _ in uses)
        _, line, use = next(u for u in uses if u[0] == first)  # the first that was reached
        return USES[use].format(line=line) + "."

    def _comes_to(self, node: ast.stmt, other: ast.stmt) -> bool:
        """Whether one statement can run after another: further down, or in the next turn of a loop around both."""
        if other.lineno > node.lineno:
            return True
        loops = set(self.layout.loops(node.lineno))
        return other in loops or not loops.isdisjoint(self.layout.loops(other.lineno))

    def _use(self, node: ast.stmt, made: frozenset[str]) -> str:
        kinds = self.context.at.get(node.lineno, {})
        use = next((kind for kind in UPDATING if kind in kinds), "")
        if FORWARD in kinds:
            use = "both" if LOSS_MADE in kinds else FORWARD
        if not use and "rate" in self.context.remarks.get(node.lineno, ()):
            return "rate"
        if not use and self._saves(node):
            return SAVE
        if use or node.lineno in self.context.through:
            return use or "call"
        if isinstance(node, (ast.For, ast.AsyncFor)) and node.lineno in self.context.loops:
            return "loop"
        if isinstance(node, (ast.If, ast.While)) and kinds_in(node.body, self.context):
            return "guard"
        return ""

    def _saves(self, node: ast.stmt) -> bool:
        return SAVE in self.context.at.get(node.lineno, ()) or "torch.save" in paths_called(node, self.imports)

    def _scope(self, node: ast.stmt) -> list[ast.stmt]:
        """The statements of the function around a statement: those after it first, then those before it."""
        function = self.layout.function(node.lineno)
        key = function.lineno if function is not None else 0
        if key not in self._scopes:
            mine = [n for n in dict.fromkeys(self.layout.at.values()) if self.layout.function(n.lineno) is function]
            self._scopes[key] = sorted(mine, key=lambda n: n.lineno)
        statements = self._scopes[key]
        return [n for n in statements if n.lineno > node.lineno] + [n for n in statements if n.lineno < node.lineno]


def _arithmetic(node: ast.stmt, used: str) -> str:
    """A loss that is divided or multiplied before its backward."""
    value = getattr(node, "value", None)
    scales = isinstance(node, ast.AugAssign) and isinstance(node.op, (ast.Div, ast.Mult))
    if isinstance(value, ast.BinOp) and isinstance(value.op, (ast.Div, ast.Mult)):
        scales = scales or ast.unparse(value.left) in made_by(node)
    if scales and used.startswith("Part of"):
        return " Dividing or multiplying it does the same to every gradient, as accumulation needs."
    return ""


def _simple(node: ast.stmt) -> Note | None:
    """Statements that say themselves what they are."""
    for kinds, words in SIMPLE:
        if isinstance(node, kinds):
            return Note("flow", words)
    return None


SIMPLE: list[tuple[tuple[type[ast.stmt], ...], str]] = [
    ((ast.Break,), "Leaves the loop: the turns that are left, and what stands behind this line, are not run."),
    ((ast.Continue,), "Goes on with the next turn: what stands behind this line is left out for this one."),
    ((ast.Return,), "Returns: the function ends here."),
    ((ast.Raise,), "Ends with an error, unless somebody catches it."),
    ((ast.Assert,), "Stops with an error where this does not hold."),
    ((ast.Pass,), "Does nothing."),
    ((ast.Import, ast.ImportFrom), "Imports names."),
    ((ast.Try,), "What is raised inside can be caught below."),
    ((ast.Global, ast.Nonlocal), "Names that are bound outside of this function."),
    ((ast.Delete,), "Lets go of a name; what only it held is freed."),
]
__all__ = ["Plain", "loop_note"]
