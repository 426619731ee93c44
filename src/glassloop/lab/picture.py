"""The picture of an experiment: a row of curves for each pair of runs, right beside wrong, over the optimizer's steps."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from glassloop.lab.figures import Trace
from glassloop.record.curves import COLOURS, FAINT, INK

PANELS = (
    ("loss", "training loss"),
    ("update", "size of the update"),
    ("grad_norm", "gradient norm at the step"),
    ("lr", "learning rate used"),
)
GRAPH = ("graph", "bytes kept by graphs")
Pair = tuple[str, Trace, Trace]  # the conditions in words, the right run, the wrong one


def draw(pairs: Sequence[Pair], path: Path) -> bool:
    """Draws the pairs to `path`, whose ending says the format (.png, .svg); False where matplotlib is not installed."""
    try:
        from matplotlib.figure import Figure  # not pyplot: no global state, no window system
    except ImportError:
        return False
    panels = (*PANELS, GRAPH) if any(_grows(trace) for _, *both in pairs for trace in both) else PANELS
    figure = Figure(figsize=(3.4 * len(panels), 2.9 * len(pairs)), layout="constrained")
    parts = figure.subfigures(len(pairs), 1, squeeze=False)[:, 0]
    for part, (words, right, wrong) in zip(parts, pairs, strict=True):
        part.suptitle(words.replace("$", r"\$"), color=INK, fontsize=11, x=0.01, ha="left")
        for number, (axes, (name, title)) in enumerate(zip(part.subplots(1, len(panels)), panels, strict=True)):
            _curves(axes, right.columns[name], wrong.columns[name])
            _dress(axes, title)
            if number == 0:
                axes.legend(frameon=False, fontsize=8, labelcolor=INK)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=150, facecolor="white")
    return True


def _grows(trace: Trace) -> bool:
    """Whether graphs keep more and more: more after the last step than a step keeps for itself."""
    kept = [value for value in trace.columns["graph"] if value is not None]
    return bool(kept) and kept[-1] > 2 * kept[0] + 1


def _curves(axes: Any, right: Sequence[float | None], wrong: Sequence[float | None]) -> None:
    """The right run lies on top, dashed, so that both are seen where they agree."""
    for values, words, style, colour, width in (
        (wrong, "with the mistake", "-", COLOURS[1], 2.4),
        (right, "right", "--", COLOURS[0], 1.5),
    ):
        numbers = [float("nan") if value is None else value for value in values]
        alone = "o" if len(numbers) < 3 else ""
        axes.plot(range(1, len(numbers) + 1), numbers, style, label=words, color=colour, linewidth=width, marker=alone)
    seen = [value for value in (*right, *wrong) if value is not None and 0 < value < float("inf")]
    if seen and max(seen) > 100 * min(seen):  # one curve would lie on the floor; what is zero still does
        axes.set_yscale("symlog", linthresh=min(seen))


def _dress(axes: Any, title: str) -> None:
    axes.set_title(title, color=INK, fontsize=10)
    axes.set_xlabel("step", color=INK, fontsize=9)
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.tick_params(colors=INK, labelsize=8)
    axes.grid(color=FAINT, linewidth=0.5)
    axes.set_axisbelow(True)
    for side, spine in axes.spines.items():
        spine.set_visible(side in ("left", "bottom"))
        spine.set_color(INK)
