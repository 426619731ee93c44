"""The listings of the texts, run today as they stand and mended (l01 to l07, l09 to l12)."""

from __future__ import annotations

import os
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

from glassloop.lab.claims import Here, Outcome, claim
from glassloop.lab.claims.scripts import play, text_of


@claim(
    "l01",
    says="The complete loop runs",
    source="the essay",
    published={
        "as printed": False,
        "with X, y and MLP given": True,
        "its validation result is used": False,
        "mended: the best weights are kept": True,
    },
    because="""
    As printed it raises {alone}: X, y and MLP stand nowhere. With them it runs its 100 epochs and ends at a
    rate of {rate:.1f}. The validation loss is computed each epoch and used by nothing: the weights at the end
    are the last ones, not the best.
    """,
)
def complete_loop(here: Here) -> Outcome:
    """Alone, with the missing names, and mended (in a full run)."""
    import ast

    alone, ran = play("essay_loop", given=False), play("essay_loop")
    rate = ran.names["scheduler"].get_last_lr()[0]
    nodes = [node for node in ast.walk(ast.parse(text_of("essay_loop"))) if isinstance(node, ast.Name)]
    reads = [node for node in nodes if node.id == "val_loss" and isinstance(node.ctx, ast.Load)]
    cases = {
        "as printed": not alone.error,
        "with X, y and MLP given": not ran.error and ran.names["epoch"] == 99 and rate < 1e-9,
        "its validation result is used": bool(reads),
    }
    if here.full:
        mended = play("essay_loop_mended")
        cases["mended: the best weights are kept"] = not mended.error and bool(mended.names["best_weights"])
    return Outcome(cases, {"alone": alone.error, "rate": rate})


@claim(
    "l02",
    says="The loader with workers, pinning and persistence does what it says",
    source="the essay",
    published={"it runs": True, "batches are pinned without an accelerator": False, "mended: no warning": True},
    because="""
    It runs. Without an accelerator nothing is pinned, and a warning says so: {warning}. Mended it asks whether
    there is one, and takes no workers for tensors in memory (c14).
    """,
)
def loader(here: Here) -> Outcome:
    """Iterate over both; is a batch pinned, what is warned."""
    import torch.multiprocessing

    os.environ["CUDA_VISIBLE_DEVICES"] = ""  # without an accelerator, wherever this runs
    if "fork" in torch.multiprocessing.get_all_start_methods():
        torch.multiprocessing.set_start_method("fork", force=True)  # spawn and forkserver: c79
    ran, mended = play("essay_loader"), play("essay_loader_mended")
    warned = [text for text in ran.warned if "pin" in text]
    cases = {"it runs": not ran.error, "mended: no warning": not mended.error and not mended.warned}
    cases["batches are pinned without an accelerator"] = bool(ran.names["pinned"]) and not warned
    return Outcome(cases, {"warning": warned[0].split(":")[0] if warned else "none"})


@claim(
    "l03",
    says="One step on a linear layer shows that the model learns",
    source="the chapter",
    published={"it runs": True, "twice the same number": False, "mended: twice the same, with the loss after": True},
    because="""
    It runs, and prints another number every time: it sets no seed, though the text asks for one. The number is
    the loss before the step; mended it stands beside the one after.
    """,
)
def one_step(here: Here) -> Outcome:
    """Each form twice from a generator seeded by the system, as a new process is."""
    import torch

    def twice(name: str) -> list[dict[str, Any]]:
        found = []
        for _ in range(2):
            torch.seed()
            found.append(play(name).names)
        return found

    first, second = twice("chapter_step")
    mended, again = twice("chapter_step_mended")
    moved = not torch.equal(first["before"], first["model"].weight)
    return Outcome(
        cases={
            "it runs": moved,
            "twice the same number": first["loss"].item() == second["loss"].item(),
            "mended: twice the same, with the loss after": mended["loss"].item() == again["loss"].item()
            and mended["after"].item() < mended["loss"].item(),
        }
    )


@claim(
    "l04",
    says="Three steps on one batch lower the loss",
    source="the chapter",
    published={"it runs, the loss falls": True},
    because="""
    The losses are {losses}.
    """,
)
def exercise(here: Here) -> Outcome:
    """The three losses."""
    ran = play("chapter_exercise")
    losses = ran.names["losses"]
    falls = losses[0] > losses[1] > losses[2]
    return Outcome({"it runs, the loss falls": not ran.error and falls}, {"losses": ", ".join(f"{x:.3f}" for x in losses)})


@claim(
    "l05",
    says="The production loop runs",
    source="the loop post",
    published={"under fork": True, "under spawn": False, "mended, under spawn": True},
    because="""
    Under fork it runs; under spawn (Windows, macOS) and forkserver it raises, as no main guard stands round it
    (c79). Its targets are noise, so the loss can only fall to about 1: {loss:.2f} after two epochs. Four
    workers make it slower (c80).
    """,
)
def production_loop(here: Here) -> Outcome:
    """Under fork in this process; under spawn in a script of its own (full)."""
    import subprocess

    def spawned(name: str) -> bool:
        spawn = "import multiprocessing\nmultiprocessing.set_start_method('spawn', force=True)\n"
        path = Path(f"{name}.py")
        path.write_text(spawn + text_of(name).replace("num_workers=4", "num_workers=1"))
        return subprocess.run([sys.executable, path], capture_output=True, timeout=300).returncode == 0

    mended = play("post_loop_mended")
    figures = {"loss": mended.names["mean_loss"]}
    if not here.full:
        return Outcome({"mended, under spawn": not mended.error and 0.8 < figures["loss"] < 1.2}, dict(figures))
    import torch.multiprocessing

    torch.multiprocessing.set_start_method("fork", force=True)
    cases = {
        "under fork": not play("post_loop").error,
        "under spawn": spawned("post_loop"),
        "mended, under spawn": spawned("post_loop_mended") and 0.8 < figures["loss"] < 1.2,
    }
    return Outcome(cases, dict(figures))


@claim(
    "l06",
    says="The five lines run, and a loop over epochs round them",
    source="the lesson",
    published={"with the missing names given": True},
    because="""
    Both run; the loss goes from {first:.2f} to {last:.2f}.
    """,
)
def five_lines(here: Here) -> Outcome:
    """The loss of the first batch and of the last."""
    ran = play("lesson_five_lines")
    first, last = ran.names["first"], ran.names["loss"].item()
    return Outcome({"with the missing names given": not ran.error and last < first}, {"first": first, "last": last})


@claim(
    "l07",
    says="evaluate gives loss and accuracy and leaves the model as it was",
    source="the lesson",
    published={"it runs": True, "a model in evaluation mode stays there": False, "mended: it stays there": True},
    because="""
    It runs, and leaves every model in training mode (c55). Mended it puts back the mode it found.
    """,
)
def evaluate(here: Here) -> Outcome:
    """The mode of a model in evaluation mode after the call."""
    from torch import nn

    def stays(name: str) -> bool:
        n = play(name).names
        model = n["model"].eval()
        n["evaluate"](model, n["val_loader"], nn.CrossEntropyLoss(), n["device"])
        return not model.training

    ran = play("lesson_evaluate")
    return Outcome(
        cases={
            "it runs": not ran.error and 0 <= ran.names["accuracy"] <= 1,
            "a model in evaluation mode stays there": stays("lesson_evaluate"),
            "mended: it stays there": stays("lesson_evaluate_mended"),
        }
    )


@claim(
    "l09",
    says="The TensorBoard listing runs with torch alone",
    source="the lesson",
    published={"without the tensorboard package": False, "mended, without it": True},
    because="""
    It raises {error} (c63). Mended it falls back to a file of JSON lines.
    """,
)
def tensorboard(here: Here) -> Outcome:
    """Both forms with the package hidden."""
    for name in [name for name in sys.modules if name.split(".")[0] == "tensorboard"]:
        del sys.modules[name]
    sys.modules["tensorboard"] = None  # type: ignore[assignment]  # how the import system marks what is absent
    ran, mended = play("lesson_tensorboard"), play("lesson_tensorboard_mended")
    lines = Path("runs/first/scalars.jsonl").read_text().splitlines()
    cases = {"without the tensorboard package": not ran.error, "mended, without it": not mended.error and len(lines) == 3}
    return Outcome(cases, {"error": ran.error})


@claim(
    "l10",
    says="The mixed precision listing runs",
    source="the lesson",
    published={"as printed": False, "mended: with the names of torch.amp": True},
    because="""
    It raises {error} ({warnings} FutureWarnings come first): torch.cuda.amp.autocast knows no device_type
    (c37). With torch.amp it runs; on a CPU autocast and scaler are both disabled then.
    """,
)
def mixed_precision(here: Here) -> Outcome:
    """Both forms; here on a CPU."""
    ran, mended = play("lesson_amp"), play("lesson_amp_mended")
    future = sum(text.startswith("FutureWarning") for text in ran.warned)
    off = not mended.names["scaler"].is_enabled()
    cases = {"as printed": not ran.error, "mended: with the names of torch.amp": not mended.error and (off or here.cuda)}
    return Outcome(cases, {"error": ran.error, "warnings": future})


@claim(
    "l11",
    says="The clipping listing clips",
    source="the lesson",
    published={"it runs; the norm is at the limit": True},
    because="""
    The norm is {before:.2f} before and {after:.4f} after a clip to 0.01.
    """,
)
def clipping(here: Here) -> Outcome:
    """The norm that the call gives (before), and the norm of what the step used."""
    import torch

    ran = play("lesson_clipping")
    grads = [parameter.grad for parameter in ran.names["model"].parameters()]
    before, after = float(ran.names["norm"]), float(torch.nn.utils.get_total_norm(grads))
    clipped = not ran.error and before > 0.02 and after <= 0.01 * (1 + 1e-5)
    return Outcome({"it runs; the norm is at the limit": clipped}, {"before": before, "after": after})


@claim(
    "l12",
    says="The cosine listing lowers the rate each epoch",
    source="the lesson",
    published={"it runs; the rate falls each epoch": True},
    because="""
    The rates used go from {first:g} to {last:.2g}; after the last epoch it is zero, which nothing trains at
    (c43).
    """,
)
def cosine(here: Here) -> Outcome:
    """The rates used."""
    ran = play("lesson_cosine")
    rates = ran.names["rates"]
    falls = all(before > after for before, after in pairwise(rates))
    return Outcome({"it runs; the rate falls each epoch": not ran.error and falls}, {"first": rates[0], "last": rates[-1]})
