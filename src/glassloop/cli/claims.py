"""`glassloop lab --claims`: the ledger of claims, run."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from glassloop.lab.claims.runner import Result

SIGN = {True: "holds", False: "does not hold", None: "not decided here"}


def show_claims(names: Sequence[str], *, quick: bool, as_json: bool) -> bool:
    """Run the claims called `names`, all of them where there is none; print what came out. `quick` is what CI runs.

    Returns whether every published verdict holds. Raises UserError for an unknown name, or where torch is missing.
    """
    from rich.console import Console
    from rich.progress import Progress

    from glassloop.lab.claims import Here
    from glassloop.lab.claims.runner import chosen, device_here, run_claims

    claims = [claim for claim in chosen(names) if not (quick and claim.full)]
    here = Here(full=not quick, device=device_here())
    terminal = Console(stderr=True)
    with Progress(console=terminal, transient=True, disable=not terminal.is_terminal) as bar:
        task = bar.add_task("claims", total=len(claims))
        results = run_claims(claims, here, each=lambda result: bar.advance(task))
    if as_json:
        print(json.dumps([result.as_json() for result in results], indent=2))
    else:
        _print_table(results, details=bool(names))
    return all(result.holds for result in results)


def _print_table(results: Sequence[Result], *, details: bool) -> None:
    for result in results:
        print(f"{result.id}  {result.verdict:<13}{result.says}")
        if details or not result.holds:
            _print_details(result)
    broken = [result.id for result in results if not result.holds]
    said = f"no longer as published: {', '.join(broken)}" if broken else "all as published"
    counted = "1 claim" if len(results) == 1 else f"{len(results)} claims"
    print(f"{counted}, {said}; docs/claims.md has the cases and numbers, `lab --claims ID` runs one")


def _print_details(result: Result) -> None:
    for case, held in result.cases.items():
        print(f"     - {case}: {SIGN[held]}")
    print(textwrap.indent(textwrap.fill(result.conditions, 110), "     "))
    if result.error:
        print(textwrap.indent(f"published: {result.published}; this run: {result.error}", "     "))
