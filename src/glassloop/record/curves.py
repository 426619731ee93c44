"""The curves of a run (loss, metrics, learning rate): a PNG for papers, an SVG that follows a page's light or dark."""

import io
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

Rows = Sequence[dict[str, Any]]

# Told apart by people who do not see red and green, and in grey print by their lightness and dashes.
COLOURS = ("#0b66c3", "#d1571b", "#2f8f5b", "#8a4fbf")
DASHES = ("-", "--", "-.", ":")
# What is drawn in these greys becomes a variable of the page in the SVG, so one drawing serves light and dark.
INK, FAINT = "#1a1b1c", "#c9cacb"

# Costs and positions: they have their place in the table, not in a curve of what was learned.
NOT_DRAWN = ("epoch", "step", "seconds", "samples_per_second", "grad_norm")


def save_png(rows: Rows, path: Path) -> bool:
    """Draw `rows` (history.json) to `path`; False, and no file, where there is nothing to draw or no matplotlib."""
    figure = _draw([("", rows)])
    if figure is None:
        return False
    figure.savefig(path, dpi=150, facecolor="white")
    return True


def as_svg(rows: Rows) -> str:
    """The same drawing as an `<svg>` element, its text and lines in `var(--ink)` and `var(--faint)`; "" for nothing."""
    return overlaid_svg([("", rows)])


def overlaid_svg(runs: Sequence[tuple[str, Rows]]) -> str:
    """The curves of several runs, each with its name, in the same panels: a colour a run, dashes a column."""
    figure = _draw(runs)
    if figure is None:
        return ""
    import matplotlib

    buffer = io.StringIO()
    plain_text: Any = {"svg.fonttype": "none", "svg.hashsalt": "glassloop"}  # text stays text; the same rows, the same bytes
    with matplotlib.rc_context(plain_text):
        figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None})
    svg = buffer.getvalue()
    svg = svg[svg.index("<svg") :].replace(INK, "var(--ink)").replace(FAINT, "var(--faint)")
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    return re.sub(r'(<svg[^>]*?) width="[^"]*"| height="[^"]*pt"', r"\1", svg, count=2)  # as wide as the page allows


def _panels(runs: Sequence[tuple[str, Rows]]) -> list[tuple[str, list[str]]]:
    """(title, columns) of each panel that has something to show."""
    every = [row for _, rows in runs for row in rows]
    names = list(dict.fromkeys(name for row in every for name in row if name not in NOT_DRAWN))
    numeric = [name for name in names if any(_is_number(row.get(name)) for row in every)]
    losses = [name for name in numeric if name.endswith("loss")]
    rates = [name for name in numeric if name == "lr" or name.startswith("lr_")]
    metrics = [name for name in numeric if name not in losses and name not in rates]
    panels = [("loss", losses), ("metric", metrics[: len(COLOURS)]), ("learning rate", rates)]
    return [(title, columns) for title, columns in panels if columns]


def _draw(runs: Sequence[tuple[str, Rows]]) -> Any:
    """A matplotlib Figure with a panel for each kind of column, or None."""
    panels = _panels(runs)
    if not panels:
        return None
    try:
        from matplotlib.figure import Figure  # not pyplot: no global state, no window system
    except ImportError:
        return None
    figure = Figure(figsize=(4.2 * len(panels), 3.2), layout="constrained")
    position = "epoch" if all(_is_number(row.get("epoch")) for _, rows in runs for row in rows) else "step"
    for axes, (title, columns) in zip(figure.subplots(1, len(panels), squeeze=False)[0], panels, strict=True):
        for order, (run, rows) in enumerate(runs):
            places = [row.get(position, index + 1) for index, row in enumerate(rows)]
            for number, name in enumerate(columns):
                values = [row[name] if _is_number(row.get(name)) else float("nan") for row in rows]
                colour = order if len(runs) > 1 else number
                style = {"color": COLOURS[colour % 4], "linestyle": DASHES[number % 4], "linewidth": 1.8}
                label = f"{_readable(name)}, {run}" if run else _readable(name)
                axes.plot(places, values, label=label, marker="o" if len(rows) < 3 else "", **style)
        _dress(axes, title, position, legend=len(columns) * len(runs) > 1)
    return figure


def _dress(axes: Any, title: str, position: str, legend: bool) -> None:
    axes.set_title(title, color=INK, fontsize=11)
    axes.set_xlabel(position, color=INK)
    axes.xaxis.get_major_locator().set_params(integer=True)  # there is no epoch 2.5
    axes.tick_params(colors=INK, labelsize=9)
    axes.grid(color=FAINT, linewidth=0.6)
    axes.set_axisbelow(True)
    for side, spine in axes.spines.items():
        spine.set_visible(side in ("left", "bottom"))
        spine.set_color(INK)
    if title == "learning rate":
        axes.ticklabel_format(axis="y", style="sci", scilimits=(-2, 3))
        axes.yaxis.get_offset_text().set_color(INK)
    if legend:
        axes.legend(frameon=False, fontsize=9, labelcolor=INK)


def _readable(name: str) -> str:
    """`val_loss` -> `validation loss`, `train_loss` -> `training loss`."""
    words = name.split("_")
    first = {"val": "validation", "train": "training"}.get(words[0], words[0])
    return " ".join([first, *words[1:]]).replace("$", r"\$")  # a dollar would begin mathematics


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
