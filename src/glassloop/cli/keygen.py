"""`glassloop keygen`: a key to sign records with."""

from pathlib import Path
from typing import Annotated

import typer


def keygen(
    out: Annotated[
        Path, typer.Option("--out", metavar="FILE", help="The private key; the public one is FILE.pub.")
    ] = Path("glassloop.key"),
) -> None:
    """Make an Ed25519 key: a private file that signs (`glassloop run --key FILE`) and a public one that checks.

    The private file can be read by you alone and is never replaced; it has no password, so keep it off shared disks. Give
    FILE.pub to those who are to verify your runs, by another way than the run folder.

    Example: glassloop keygen --out ~/.config/glassloop.key
    """
    from glassloop.record.signature import make_key

    public, name = make_key(out.expanduser())
    print(f"private key {out}: it signs, keep it to yourself\npublic key  {public}: hand it on\nits id is   {name}")
