"""Pictures of a right and a wrong run, as SVG whose colours follow the page: dark on light, light on dark."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path

import matplotlib as mpl

mpl.use("svg")
import matplotlib.pyplot as plt

from .evidence import Case, Evidence

# Stand-ins that matplotlib draws with, and what the page makes of them (with what a picture alone falls back on).
INK, RIGHT, WRONG = "#010101", "#020202", "#030303"
_COLOURS = {INK: "currentColor", RIGHT: "var(--right, #1f77b4)", WRONG: "var(--wrong, #c8442b)"}


def main(needs: tuple[str, ...], draw: Callable[[Path, dict[str, list[Case]]], None]) -> None:
    """A figure's own command line: runs what the figure needs and draws it to the path that was given."""
    draw(Path(sys.argv[1]), Evidence(needs, []).lab)


def side_by_side(out: Path, case: Case, column: str, title: str, log: bool = False) -> None:
    """A column of both traces of an experiment's case over the optimizer's steps: the right loop and the wrong one."""
    arms = case.outcome.arms[0]
    style = {"svg.fonttype": "none", "svg.hashsalt": "glassloop", "font.size": 11, "font.family": "sans-serif"}
    colours = dict.fromkeys(("text.color", "axes.edgecolor", "axes.labelcolor", "xtick.color", "ytick.color"), INK)
    with mpl.rc_context({**style, **colours}):
        figure, axes = plt.subplots(figsize=(7.2, 2.9), layout="constrained")
        for name, trace, colour, width in (("right", arms.right, RIGHT, 2.2), ("wrong", arms.wrong, WRONG, 1.3)):
            axes.plot(range(1, len(trace.columns[column]) + 1), trace.columns[column], color=colour, lw=width, label=name)
        axes.set_title(title, loc="left", fontsize=11)
        axes.set_xlabel("optimizer step")
        axes.spines[["top", "right"]].set_visible(False)
        axes.legend(frameon=False, loc="best")
        if log:
            axes.set_yscale("log")
        figure.savefig(out, format="svg", transparent=True, metadata={"Date": None})
    text = out.read_text(encoding="utf-8")
    for stand_in, colour in _COLOURS.items():
        text = text.replace(stand_in, colour)
    prefix = out.stem
    text = re.sub(r'id="([^"]+)"', rf'id="{prefix}-\1"', text)  # several pictures share a page
    text = re.sub(r'(href="#|url\(#)', rf"\g<1>{prefix}-", text)
    out.write_text(text, encoding="utf-8")
