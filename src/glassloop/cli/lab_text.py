"""The lab's results for people: a line and a sentence a case, and for one experiment the internals side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from glassloop.lab.trial import Outcome

# What is shown side by side, where the arms have it: (figure, its words).
SHOWN = (
    ("val_accuracy", "accuracy on held-out data"),
    ("val_loss", "loss on held-out data"),
    ("loss_last", "last training loss"),
    ("steps", "optimizer steps"),
    ("update", "size of the update, median"),
    ("update_max", "size of the update, largest"),
    ("grad_norm", "gradient norm at the step, median"),
    ("grad_norm_last", "gradient norm at the step, last"),
    ("clip_before", "norm before the clip, median"),
    ("clip_after", "norm after the clip, median"),
    ("lr_first", "learning rate used, first"),
    ("lr_last", "learning rate used, last"),
    ("lr_values", "learning rates used, how many"),
    ("travelled", "parameter tensors that moved"),
    ("eval_share", "training forwards in evaluation mode"),
    ("graph_peak", "bytes kept by graphs, at most"),
    ("graph_eval", "of these by one evaluation forward"),
    ("graph_end", "bytes kept by graphs at the end"),
    ("scale", "scale of AMP, median"),
    ("skipped", "steps that the scaler skipped"),
)


def print_outcomes(outcomes: Sequence[Outcome]) -> None:
    """Print the table; of a single experiment, the figures too."""
    from rich.console import Console
    from rich.table import Table

    console = Console(soft_wrap=False, highlight=False)
    one_rule = len({one.rule for one in outcomes}) == 1
    for one in outcomes:
        mark = "holds" if one.holds else "NO LONGER TRUE"
        console.print(f"[bold]{one.rule}[/bold], {one.case.name}: [bold]{one.verdict or 'not run'}[/bold] ({mark})")
        console.print(f"  {one.says}", markup=False)
        if one.why_not:
            console.print(f"  {one.why_not}", markup=False, style="red")
        if one_rule and one.arms:
            table = Table("", "right", "with the mistake", box=None, padding=(0, 2), title_justify="left")
            for row in rows(one):
                table.add_row(*row)
            console.print(table)
    n, broken = len(outcomes), [one for one in outcomes if not one.holds]
    said = "as published" if not broken else "no longer as published: " + ", ".join(one.rule for one in broken)
    console.print(f"{n} case{'s' * (n != 1)}, {said}", markup=False)


def rows(outcome: Outcome) -> list[tuple[str, str, str]]:
    """(words, right, wrong) of the first seed's figures that either arm has and that say something."""
    from glassloop.lab.figures import figures

    right, wrong = figures(outcome.arms[0].right), figures(outcome.arms[0].wrong)
    both = {key: (right.get(key), wrong.get(key)) for key in [*(k for k, _ in SHOWN), *own(right, wrong)]}
    words = dict(SHOWN)
    return [
        (words.get(key, key.replace("_", " ")), number(a), number(b))
        for key, (a, b) in both.items()
        if (a, b) not in ((None, None), (0, 0))
    ]


def own(right: dict[str, object], wrong: dict[str, object]) -> list[str]:
    """The figures that the loop itself has printed."""
    from glassloop.lab.figures import Trace, figures

    common = set(figures(Trace())) | {key for key, _ in SHOWN}
    return [key for key in {**right, **wrong} if key not in common]


def number(value: object) -> str:
    """A figure, short."""
    if isinstance(value, float):
        return f"{value:.4g}"
    return "-" if value is None else str(value)
