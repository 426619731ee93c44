"""`glassloop lab`: what is said about loops, tried."""

from __future__ import annotations

from enum import Enum
from typing import Annotated

import typer

from glassloop.errors import UserError


class Format(str, Enum):
    """How results are printed."""

    TEXT = "text"
    JSON = "json"


def lab(
    names: Annotated[list[str] | None, typer.Argument(help="Claims (c03); none: all that a minute decides.")] = None,
    claims: Annotated[bool, typer.Option("--claims", help="The ledger of claims.")] = False,
    format: Annotated[Format, typer.Option("--format", help="text for people, json for scripts.")] = Format.TEXT,
) -> None:
    """Run experiments: what popular texts say about training loops, decided on this machine.

    Exit code 0: as published; 1: something came out otherwise; 2: wrong usage.

    Example: glassloop lab --claims c03
    """
    from glassloop.cli.claims import show_claims

    if not claims:
        raise UserError("say what to run: glassloop lab --claims [c03 ...]")
    if not show_claims(names or [], as_json=format is Format.JSON):
        raise typer.Exit(1)
