"""The classic table of a loop's order: eight lines that are told again and again, each beside what runs show.

Six of them are rules, and their experiments stand in the rules' files. Two are no rule, because no loop is wrong for
them alone: their experiments stand here.
"""

from __future__ import annotations

from typing import NamedTuple

from glassloop.experiments import Added, Case, Experiment, Instead, Moved, Verdict

_MODEL = "model = nn.Sequential(nn.Linear(64, 64), NORM(64), nn.ReLU(), nn.Dropout(DROPOUT), nn.Linear(64, 10))"
_OPTIMIZER = "optimizer = OPTIMIZER(model.parameters(), lr=LR)"
_LOSS = "loss = nn.functional.cross_entropy(model(x), y)"
_HALF = (
    Instead("images = torch.tensor(data.data, dtype=torch.float32) / 16", "images = torch.tensor(data.data).half() / 16"),
    Added("model.half()", after=_MODEL),
)
_SWITCH = "torch.__future__.set_overwrite_module_params_on_conversion(True)"
# What the model's type is decides the type of its input, so that it may change on the way.
_FOLLOW = (
    Instead(_LOSS, "loss = nn.functional.cross_entropy(model(x.to(model[0].weight.dtype)), y)"),
    Instead("logits = model(x)", "logits = model(x.to(model[0].weight.dtype))"),
    Added("model.double()", after=_MODEL),
)

CONVERTED = Experiment(
    loop="digits",
    mistake=(Moved("model.half()", after=_OPTIMIZER),),
    cases=(
        Case(
            "SGD, half()",
            Verdict.SAME,
            lambda right, wrong: right["weights"] == wrong["weights"] and wrong["travelled"] == wrong["tensors"],
            "False: half() keeps the parameters and changes what is in them. {wrong[travelled]} of {wrong[tensors]} tensors "
            "of the optimizer move, and the weights end the same, bit for bit.",
            edits=_HALF,
        ),
        Case(
            "SGD, half(), with torch.__future__.set_overwrite_module_params_on_conversion",
            Verdict.WORSE,
            lambda right, wrong: wrong["travelled"] == 0 and wrong["val_accuracy"] < 0.3,
            "True with this switch, which is off unless somebody turns it on: the optimizer holds tensors that the model no "
            "longer uses, {wrong[travelled]} of {wrong[tensors]} move, and accuracy is {wrong[val_accuracy]:.2f} instead of "
            "{right[val_accuracy]:.2f}.",
            edits=(*_HALF, Added(_SWITCH, before="data = load_digits()")),
        ),
        Case(
            "AdamW, double() after an epoch of steps",
            Verdict.RAISES,
            lambda right, wrong: wrong["raised"].startswith("RuntimeError") and wrong["steps"] == 12,
            "What does fail is not silent: Adam's state keeps its old type, and the next step raises ({wrong[raised]}).",
            {"OPTIMIZER": "torch.optim.AdamW", "LR": "1e-2"},
            edits=_FOLLOW,
            mistake=(Instead("model.double()", "pass"), Added("if epoch == 1:\n    model.double()", before="model.train()")),
        ),
    ),
)

LOGGED = Experiment(
    loop="digits",
    mistake=(Instead("history.append(loss.item())", "history.append(loss)"),),
    cases=(
        Case(
            "training losses in a list, after the backward",
            Verdict.SAME,
            lambda right, wrong: right["weights"] == wrong["weights"] and wrong["graph_end"] == 0,
            "False: the backward has freed what the graph kept. After {wrong[steps]} losses in a list, graphs keep "
            "{wrong[graph_end]} bytes.",
            edits=(
                Added("history = []", before="for epoch in range(EPOCHS):"),
                Added("history.append(loss.item())", after="optimizer.step()"),
            ),
        ),
        Case(
            "the same, and backward keeps the graph",
            Verdict.SILENT,
            lambda right, wrong: right["graph_end"] < 100_000 and wrong["graph_end"] > 20 * right["graph_peak"],
            "True with retain_graph=True: after {wrong[steps]} losses in a list, graphs keep {wrong[graph_end]:,} bytes; "
            "with item(), {right[graph_end]:,}.",
            edits=(
                Added("history = []", before="for epoch in range(EPOCHS):"),
                Added("history.append(loss.item())", after="optimizer.step()"),
                Instead("loss.backward()", "loss.backward(retain_graph=True)"),
            ),
        ),
    ),
)

FOLKLORE = {"model-converted-after-optimizer": CONVERTED, "loss-logged-without-item": LOGGED}


class Line(NamedTuple):
    """A line of the table: what is told, and the experiment that tries it."""

    told: str
    name: str
    verdict: str  # true, false, or depends
    found: str


TABLE = (
    Line(
        "model.to() or half() after the optimizer leaves the optimizer with other tensors",
        "model-converted-after-optimizer",
        "false",
        "The tensors are the same ones; it is true only with a switch that is off. An Adam that has stepped raises.",
    ),
    Line(
        "zero_grad() after backward() makes gradients add up",
        "zero-grad-between-backward-and-step",
        "false",
        "It empties them: the step reads nothing, and nothing is learned.",
    ),
    Line("Clipping before backward() does nothing", "clip-before-backward", "true", "The step reads what nobody clipped."),
    Line("Clipping after step() does nothing", "clip-after-step", "true", "Harmless on clean data, and then one bad batch."),
    Line(
        "scheduler.step() in the batch loop makes the rate fall too fast",
        "scheduler-per-batch",
        "depends",
        "A rate that falls in steps is gone after a few batches; a cosine swings up and down and ends high.",
    ),
    Line(
        "train() forgotten after eval() switches dropout and batch-norm off",
        "train-mode-missing",
        "depends",
        "It does, where there are such layers; the result may be better or worse. Without them: the same weights.",
    ),
    Line(
        "no_grad() forgotten in validation makes memory grow",
        "no-grad-missing",
        "depends",
        "One batch's graph at a time, unless something keeps the graphs: a sum or a list of losses or outputs.",
    ),
    Line(
        "A loss logged without item() keeps its graph in memory",
        "loss-logged-without-item",
        "depends",
        "After a backward the graph is empty. Without one, or with retain_graph, it is true.",
    ),
)
