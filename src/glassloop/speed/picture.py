"""The table as a picture: a panel for each task, a bar for each technique, its interval, and what is said of a GPU."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from glassloop.record.curves import COLOURS, FAINT, INK
from glassloop.speed.catalogue import STANDARD
from glassloop.speed.verdicts import tasks_in


def draw(found: Mapping[str, Any], path: Path) -> bool:
    """Draws to `path`, whose ending says the format; False where matplotlib is not installed."""
    try:
        from matplotlib.figure import Figure  # not pyplot: no global state, no window system
    except ImportError:
        return False
    tasks = [(name, task) for name, _, task in tasks_in(found) if STANDARD in task["rows"]]
    if not tasks:
        return False
    figure = Figure(figsize=(2.2 + 2.6 * len(tasks), 3.6), layout="constrained")
    panels = figure.subplots(1, len(tasks), squeeze=False)[0]
    for number, (axes, (name, task)) in enumerate(zip(panels, tasks, strict=True)):
        _panel(axes, name, list(task["rows"].values()), names=number == 0)
    handles, words = panels[0].get_legend_handles_labels()
    if handles:
        figure.legend(handles[:1], words[:1], loc="outside lower right", frameon=False, fontsize=8, labelcolor=INK)
    figure.savefig(path, dpi=150, facecolor="white", format=path.suffix.lstrip(".") or "png")
    return True


def _panel(axes: Any, title: str, rows: list[Mapping[str, Any]], *, names: bool) -> None:
    places = list(range(len(rows)))
    ratios = [row["ratio"] for row in rows]
    reach = [
        [max(row["ratio"] - row["interval"][0], 0) for row in rows],
        [max(row["interval"][1] - row["ratio"], 0) for row in rows],
    ]
    colours = [COLOURS[0] if ratio >= 1 else COLOURS[1] for ratio in ratios]
    axes.barh(places, ratios, color=colours, height=0.6, xerr=reach, error_kw={"ecolor": INK, "elinewidth": 0.8})
    for place, row in zip(places, rows, strict=True):
        said = row["popular_on_a_gpu"]["speed"]
        if said:
            axes.plot([said], [place], "D", color=INK, markersize=4, markerfacecolor="white", label="what is said of a GPU")
    axes.axvline(1, color=INK, linewidth=0.8)
    axes.set_yticks(places, [f"{row['title']}   {row['ratio']:.2f}" if names else f"{row['ratio']:.2f}" for row in rows])
    axes.invert_yaxis()
    axes.set_title(title, color=INK, fontsize=10)
    axes.set_xlabel("times the speed", color=INK, fontsize=8)
    axes.tick_params(colors=INK, labelsize=8)
    axes.grid(axis="x", color=FAINT, linewidth=0.5)
    axes.set_axisbelow(True)
    for side, spine in axes.spines.items():
        spine.set_visible(side in ("left", "bottom"))
        spine.set_color(INK)
