"""`glassloop server`: check in an editor."""

from __future__ import annotations

from glassloop.errors import UserError


def server() -> None:
    """Show findings in an editor as one types (a language server, over stdin and stdout).

    Editors start it themselves: docs/editors.md says how in VS Code, Neovim and others.

    Example: glassloop server
    """
    try:
        from glassloop.editor.server import make_server
    except ModuleNotFoundError as error:
        if (error.name or "").split(".")[0] not in ("pygls", "lsprotocol"):
            raise
        raise UserError("the language server needs pygls; pip install 'glassloop[server]' installs it") from None
    make_server().start_io()
