"""The commands by name, and how each of them fails: one line on stderr, exit code 2, a traceback only with --debug."""

import os
import sys
import traceback
from collections.abc import Callable
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

import glassloop
from glassloop.cli.annotate import annotate
from glassloop.cli.audit import audit
from glassloop.cli.bench import bench
from glassloop.cli.check import check
from glassloop.cli.compare import compare
from glassloop.cli.explain import explain
from glassloop.cli.keygen import keygen
from glassloop.cli.lab import lab
from glassloop.cli.new import new
from glassloop.cli.practice import practice
from glassloop.cli.replay import replay
from glassloop.cli.run import run
from glassloop.cli.server import server
from glassloop.cli.verify import verify
from glassloop.errors import UserError

FRONT_DOOR, LEARN, PROVE, SPEED, SEE = "Front door", "Learn", "Prove", "Speed", "See"

DEBUG_VARIABLE = "GLASSLOOP_DEBUG"  # an environment variable, so that a loop that runs inside a command sees it, too


class Group(TyperGroup):
    """The root command. It says what went wrong in one line, where typer would draw a box of six."""

    def main(self, *args: Any, **extra: Any) -> Any:
        """Run the command that typer's arguments name (default: sys.argv's) and leave with its exit code (SystemExit)."""
        extra["standalone_mode"] = False  # or typer prints its own errors
        try:
            # In this mode the group returns what a command returned, or the code of a typer.Exit: ours return nothing.
            code = super().main(*args, **extra)
        except Exception as error:
            code = _report(error)
        sys.exit(code)


def _report(error: Exception) -> int:
    """Print `error` as one line, and its traceback where --debug was given; returns the exit code."""
    if os.environ.get(DEBUG_VARIABLE):
        traceback.print_exception(error)
    # typer brings its own copy of click, older ones the installed one: what a usage error can do tells it from others.
    usage: Callable[[], str] | None = getattr(error, "format_message", None)
    if type(error).__name__ == "NoArgsIsHelpError":  # the help has been printed
        return 2
    if isinstance(error, UserError) or usage:
        said = usage().replace("Value error, ", "") if usage else str(error)
        print(f"error: {_one_line(said)}", file=sys.stderr)
        return 2
    if isinstance(error, typer.Abort):
        print("stopped", file=sys.stderr)
        return 1
    hint = "" if os.environ.get(DEBUG_VARIABLE) else " (a fault of glassloop: --debug before the command shows where)"
    print(f"error: {type(error).__name__}: {_one_line(str(error))}{hint}", file=sys.stderr)
    return 2


def _one_line(text: str) -> str:
    return " ".join(text.split())


app = typer.Typer(
    cls=Group,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        print(f"glassloop {glassloop.__version__}")
        raise typer.Exit


def _debug(wanted: bool) -> None:
    if wanted:
        os.environ[DEBUG_VARIABLE] = "1"


@app.callback(no_args_is_help=True)
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and leave.")
    ] = False,
    debug: Annotated[bool, typer.Option("--debug", callback=_debug, help="Show the traceback of an error.")] = False,
) -> None:
    """Own your training loop: every line visible, checked, and provable.

    Start with [bold]glassloop new digits my-digits[/bold] or [bold]glassloop run digits[/bold].
    """


# One line a command; what follows a script's name belongs to the script.
app.command(rich_help_panel=FRONT_DOOR)(new)
app.command(rich_help_panel=FRONT_DOOR)(check)
app.command(rich_help_panel=FRONT_DOOR, context_settings={"allow_interspersed_args": False})(run)
app.command(rich_help_panel=LEARN)(explain)
app.command(rich_help_panel=LEARN)(practice)
app.command(rich_help_panel=LEARN)(lab)
app.command(rich_help_panel=LEARN)(annotate)
app.command(rich_help_panel=PROVE)(verify)
app.command(rich_help_panel=PROVE)(audit)
app.command(rich_help_panel=PROVE)(replay)
app.command(rich_help_panel=PROVE)(compare)
app.command(rich_help_panel=PROVE)(keygen)
app.command(rich_help_panel=SPEED)(bench)
app.command(rich_help_panel=SEE)(server)
