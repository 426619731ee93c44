"""`glassloop lab FILE --line N --move ...`: one's own loop, broken at one line and run beside itself."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from glassloop.lab.own import Bounds, Broken, Change


def show_file(change: Change, argv: list[str], bounds: Bounds, out: Path, *, as_json: bool) -> None:
    """Run it both ways and print what changed. Raises UserError for what cannot be run or moved."""
    from rich.console import Console

    from glassloop.lab.own import break_own

    terminal = Console(stderr=True)
    with terminal.status(f"running {change.path} as it is, again, and with line {change.line} changed"):
        broken = break_own(change, argv, bounds)
    if as_json:
        print(json.dumps(broken.as_json(), indent=2))
        return
    _print(broken, out)


def _print(broken: Broken, out: Path) -> None:
    from rich.console import Console

    from glassloop.cli.lab_text import table
    from glassloop.experiments import Verdict
    from glassloop.lab.picture import draw

    console = Console(highlight=False, soft_wrap=True)
    console.print(broken.diff, markup=False, end="")
    path, line, move = broken.change
    console.print(f"\n{path}:{line}, {move}: [bold]{broken.verdict}[/bold] ({Verdict(broken.verdict).means})")
    if broken.wrong.raised:
        at = f" at line {broken.wrong.raised_line} of the changed loop" if broken.wrong.raised_line else ""
        console.print(f"  it raises {broken.wrong.raised}{at}", markup=False)
    if broken.wrong.stopped and not broken.right.stopped:
        console.print("  it does not come to an end where the right loop does: it was stopped")
    for warning in broken.wrong.warned:
        if warning not in broken.right.warned:
            console.print(f"  it is warned: {warning}", markup=False)
    console.print(table(broken.right, broken.wrong))
    for finding in broken.wrong.findings:
        if finding["rule"] not in {other["rule"] for other in broken.right.findings}:
            console.print(f"  glassloop hears {finding['rule']}: {finding['message']}", markup=False)
    if not broken.alike:
        console.print("  two runs of the loop as it is differ, too: small differences are chance")
    console.print(f"{broken.steps} steps at most, seed 0, torch {broken.right.torch}; {path} is as it was", markup=False)
    console.print("it ran three times, once changed: files that it writes are those of these runs", markup=False)
    picture = out / f"{Path(path).stem}-line{line}-{move}.png"
    words = f"{Path(path).name}, line {line}: {move}"
    if draw([(words, broken.right, broken.wrong)], picture):
        console.print(f"picture: {picture}", markup=False)
