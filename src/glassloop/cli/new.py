"""`glassloop new`: an annotated loop, copied, and from then on its owner's."""

from pathlib import Path
from typing import Annotated

import typer

from glassloop import templates
from glassloop.cli.own_data import look_at
from glassloop.errors import UserError
from glassloop.templates import DEFAULT_LOOP


def new(
    template: Annotated[str | None, typer.Argument(help="What to train; --list names them.")] = None,
    folder: Annotated[Path | None, typer.Argument(metavar="DIR", help="A new or empty folder.")] = None,
    loop: Annotated[
        str | None,
        typer.Option("--loop", metavar="STEP", help=f"Which step of the ladder becomes train.py; default: {DEFAULT_LOOP}."),
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option("--data", metavar="PATH", help="Your own: a folder of pictures, a CSV file or a text."),
    ] = None,
    target: Annotated[str | None, typer.Option("--target", metavar="COLUMN", help="The table's column to predict.")] = None,
    show_list: Annotated[bool, typer.Option("--list", help="Describe every template and every step of the ladder.")] = False,
) -> None:
    """Copy an annotated training loop into DIR. It is yours: read it, change it, own it.

    Example: [bold]glassloop new digits my-digits && cd my-digits && python train.py[/bold]

    On your data: [bold]glassloop new tabular DIR --data FILE.csv --target COLUMN[/bold]
    """
    if show_list:
        _print_list()
        return
    if template is None or folder is None:
        raise UserError(f"give a template and a new folder, as in `glassloop new {next(iter(templates.tasks()))} my-loop`")
    if target is not None and data is None:
        raise UserError("--target names a column of your own table; give the table, too: --data FILE.csv")
    seen = look_at(template, data, target) if data is not None and template in templates.known() else None
    copied = templates.copy(template, folder, loop, seen.constants if seen else None)
    print(f"{folder} is yours: {len(copied)} files. {templates.known()[template]}")
    if seen:
        print(f"{data}: {seen.says}.")
    for path in copied:
        print(f"  {path}")
    print(f"Train:  cd {folder} && python train.py")
    print("Test:   python -m pytest")


def _print_list() -> None:
    print("Templates (what is trained):")
    for name, line in templates.tasks().items():
        print(f"  {name:<12} {line}")
    print("Steps of the ladder (the loop that trains it, --loop STEP):")
    for name, line in templates.rungs().items():
        print(f"  {name:<12} {line}")
    print("Templates with a loop of their own:")
    for name, line in templates.own_loops().items():
        print(f"  {name:<12} {line}")
