"""`glassloop replay`: the recorded training, run again and compared row by row."""

from __future__ import annotations

import json
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from glassloop.cli.printing import Format
from glassloop.errors import UserError

if TYPE_CHECKING:
    from rich.progress import TaskID

    from glassloop.replay.verdict import Verdict


def replay(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="A run folder.", show_default=False)],
    again: Annotated[
        list[str] | None,
        typer.Argument(metavar="[-- ARGS]", help="The program's arguments, where some were masked.", show_default=False),
    ] = None,
    start: Annotated[int | None, typer.Option("--from", metavar="STEP", help="Begin with STEP's checkpoint.")] = None,
    steps: Annotated[int | None, typer.Option("--steps", min=1, help="With --from: this many steps.")] = None,
    sample: Annotated[
        int | None, typer.Option("--sample", min=1, metavar="K", help="K intervals between checkpoints, at random.")
    ] = None,
    seed: Annotated[int | None, typer.Option("--seed", help="With --sample: your seed; else one is drawn and said.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Do not stop at the first difference.")] = False,
    anyway: Annotated[bool, typer.Option("--anyway", help="Replay a record that is broken, too.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Run the recorded program without asking.")] = False,
    form: Annotated[Format, typer.Option("--format", help="text for people, json for scripts.")] = Format.TEXT,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="Also write the JSON here.")] = None,
) -> None:
    """Run what was recorded once more and say whether every row comes out the same, bit for bit.

    This runs the recorded program: what will run is shown, and you are asked. Rows are steps (order, loss, gradient norm,
    learning rate, state, random generators), evaluations and checkpoints; the first that differs is named with its cause.

    Exit code 0: the same; 1: not; 2: wrong usage, or not agreed to.

    Example: glassloop replay runs/train-001 --yes

    Example: glassloop replay runs/digits-001 --sample 5 --seed 1
    """
    if steps is not None and start is None:
        raise UserError(f"--steps {steps} says how far, and not from where; give --from STEP, too")
    if sample is not None and start is not None:
        raise UserError("--sample chooses where to begin and --from says it; leave one of them out")
    if seed is not None and sample is None:
        raise UserError(f"--seed {seed} chooses intervals; say how many with --sample K")
    from glassloop.replay import BrokenError, Wanted
    from glassloop.replay import replay as replayed

    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # or what was set aside would not be put back
    wanted = Wanted(start, steps, sample, seed, everything, again or None, anyway)
    try:
        with Bar() as bar:
            verdict = replayed(run, wanted, agree=lambda lines: agree(lines, yes), progress=bar)
    except BrokenError as error:
        print(f"error: {error}", file=sys.stderr)
        raise typer.Exit(1) from None
    text = json.dumps(verdict.as_json(), indent=2)
    if output is not None:
        from glassloop.cli.pages import write_text

        write_text(text + "\n", output)
    print(text if form is Format.JSON else "\n".join(_lines(verdict)))
    raise typer.Exit(0 if verdict.same else 1)


class Bar:
    """A bar on stderr, which begins with the first step: until then somebody may be asked something."""

    def __enter__(self) -> Bar:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        columns = (TextColumn("steps"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        self._bar = Progress(*columns, console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty())
        self._task: TaskID | None = None
        return self

    def __call__(self, done: int, of: int) -> None:
        if self._task is None:
            self._bar.start()
            self._task = self._bar.add_task("steps", total=of)
        self._bar.update(self._task, completed=done)

    def __exit__(self, *error: object) -> None:
        self._bar.stop()


def agree(lines: list[str], yes: bool) -> None:
    """Say what will run, and ask. Raises UserError where nobody agrees."""
    for line in lines:
        print(line, file=sys.stderr)
    if yes:
        return
    if not sys.stdin.isatty():
        raise UserError("replay runs the recorded program, and nobody is here to ask; read the lines above and give --yes")
    if not typer.confirm("run it?", err=True):
        raise UserError("not agreed to: nothing was run")


def _lines(verdict: Verdict) -> list[str]:
    """The verdict for people."""
    from glassloop.record.verdict import printable

    steps, rows = sum(part.steps for part in verdict.parts), sum(part.rows for part in verdict.parts)
    lines = [f"note: {note}" for note in verdict.notes]
    if verdict.same:
        lines.append(f"same: {steps:,} steps, {rows:,} rows came again bit for bit, in {verdict.seconds:.1f} s")
    else:
        first = verdict.differences[0]
        at = "" if first.number is None else f" (row {first.number} of the ledger)"
        lines.append(f"not the same: {first.text}{at}")
        if verdict.differing > 1:
            counts = ", ".join(f"{name} {count}" for name, count in verdict.fields.most_common())
            lines.append(f"in all {verdict.differing:,} rows of {rows:,} differ, in: {counts}")
    if verdict.sample is not None:
        sample = verdict.sample
        lines.append(f"{len(sample.chosen)} of {sample.of} intervals, chosen by --seed {sample.seed}")
        for bad, chance in sample.odds:
            lines.append(f"  had {bad} of them been bad, this would have met one with a probability of {100 * chance:.3g} %")
    return [printable(line) for text in lines for line in text.splitlines()]  # a stranger's record, and what it ran
