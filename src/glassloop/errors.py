"""What a person can mend: reported in one line, without a traceback."""

from __future__ import annotations

from collections.abc import Iterable


class UserError(Exception):
    """Bad input or a bad surrounding. The message is one line that says what is wrong, with which value, and the remedy.

    The command line and the shipped loops print it as `error: <message>` and exit with code 2; a user of the kit may
    catch it.
    """


def meant(name: str, known: Iterable[str]) -> str:
    """A question that names the nearest of what is known, to stand before a remedy; empty where nothing is near."""
    from difflib import get_close_matches  # costs nothing where all is well

    near = get_close_matches(name, list(known), n=1)
    return f"did you mean {near[0]}? " if near else ""
