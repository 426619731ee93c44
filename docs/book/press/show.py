"""What the notebook's cells call: they run an experiment and display what came of it."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from IPython.display import SVG, Image, Markdown, display

from .chapter import animation as animation_file
from .evidence import Evidence
from .poison import POISONS


def experiment(name: str) -> None:
    """Runs the lab's experiment of that name and shows its cases."""
    cases = Evidence([name], []).lab[name]
    display(Markdown("\n".join(f"- **{case.name}** ({case.verdict}): {case.says}" for case in cases)))


def poison(name: str) -> None:
    """Runs a poisoned loop beside its honest twin and shows what both end with."""
    found = Evidence([], [name]).poison[name]
    rows = [f"| {key} | {found.honest[key]:.3f} | {found.poisoned[key]:.3f} |" for key in found.honest]
    spoke = f"check says {', '.join(found.check) or 'nothing'}; watch says {', '.join(found.watch) or 'nothing'}."
    display(Markdown("\n".join(["| figure | honest | poisoned |", "|---|---|---|", *rows, "", spoke])))


def table() -> None:
    """Runs all of them."""
    found = Evidence([], list(POISONS)).poison.values()
    rows = [
        f"| {one.title} | {one.honest['val_accuracy']:.3f} | {one.poisoned['val_accuracy']:.3f} "
        f"| {', '.join(one.check) or 'nothing'} | {', '.join(one.watch) or 'nothing'} |"
        for one in found
    ]
    display(Markdown("\n".join(["| loop | honest | it reports | check | watch |", "|---|---|---|---|---|", *rows])))


def figure(script: str) -> None:
    """Runs the script that draws a figure and shows the figure."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder, "figure.svg")
        subprocess.run([sys.executable, script, out], check=True)
        display(SVG(out.read_bytes()))


def animation() -> None:
    """How the decision boundary of the spiral forms."""
    display(Image(data=animation_file().read_bytes(), format="webp", embed=True))
