"""The lab's results for people: a line and a sentence a case, and for one experiment the internals side by side."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from glassloop.lab.figures import SHOWN, Trace, figures

if TYPE_CHECKING:
    from rich.table import Table

    from glassloop.lab.trial import Outcome

def print_outcomes(outcomes: Sequence[Outcome]) -> None:
    """Print the table; of a single experiment, the figures too."""
    from rich.console import Console

    console = Console(soft_wrap=True, highlight=False)
    one_rule = len({one.rule for one in outcomes}) == 1
    for one in outcomes:
        mark = "holds" if one.holds else "[red]NO LONGER TRUE[/red]"
        console.print(f"[bold]{one.rule}[/bold], {one.case.name}: [bold]{one.verdict or 'not run'}[/bold] ({mark})")
        console.print(f"  {one.says}", markup=False)
        if one.why_not:
            console.print(f"  {one.why_not}", markup=False, style="red")
        if one_rule and one.arms:
            console.print(table(one.arms[0].right, one.arms[0].wrong))
    n, broken = len(outcomes), [one for one in outcomes if not one.holds]
    said = "as published" if not broken else "no longer as published: " + ", ".join(sorted({one.rule for one in broken}))
    console.print(f"{n} case{'s' * (n != 1)}, {said}", markup=False)


def save_pictures(outcomes: Sequence[Outcome], folder: Path) -> None:
    """Draw each experiment, the first seed of its cases, to `folder`, and say where."""
    from glassloop.lab.picture import draw

    for rule in dict.fromkeys(one.rule for one in outcomes):
        pairs = [(f"{one.case.name}: {one.verdict}", *one.first) for one in outcomes if one.rule == rule and one.arms]
        path = folder / f"{rule}.png"
        if pairs and draw(pairs, path):
            print(f"picture: {path}")


def table(right: Trace, wrong: Trace) -> Table:
    """The figures that either run has and that say something, side by side."""
    from rich.table import Table

    found = Table("", "right", "with the mistake", box=None, padding=(0, 2))
    for row in rows(figures(right), figures(wrong)):
        found.add_row(*row)
    return found


def rows(right: dict[str, object], wrong: dict[str, object]) -> list[tuple[str, str, str]]:
    """(words, right, wrong) of the figures of `SHOWN`, and of those that the loop itself has printed."""
    known = figures(Trace())
    own = [key for key in {**right, **wrong} if key not in known and key not in dict(SHOWN)]
    words = {**dict(SHOWN), **{key: key.replace("_", " ") for key in own}}
    both = {key: (right.get(key), wrong.get(key)) for key in words}
    nothing: tuple[object, ...] = (None, 0)
    return [(words[key], number(a), number(b)) for key, (a, b) in both.items() if a not in nothing or b not in nothing]


def number(value: object) -> str:
    """A figure, short."""
    if isinstance(value, float):
        return f"{value:.4g}"
    return "-" if value is None else str(value)
