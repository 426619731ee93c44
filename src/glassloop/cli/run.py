"""`glassloop run`: a training script of anybody's, unedited, or a shipped loop by name, and the record it leaves."""

import json
import sys
from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from glassloop.cli.printing import Format
from glassloop.errors import UserError


class Data(str, Enum):
    """Of which samples a digest is kept."""

    seen = "seen"
    full = "full"
    none = "none"


DataDigest = Annotated[Data, typer.Option("--data-digest", help="Digests of samples: within a budget, of all, of none.")]
DigestEvery = Annotated[
    int | None,
    typer.Option("--digest-every", metavar="K", min=0, help="Digest the state every K steps.", show_default="by cost"),
]
Nonce = Annotated[str | None, typer.Option("--nonce", metavar="WORD", help="An auditor's word, to stand in the first row.")]
Key = Annotated[
    Path | None, typer.Option("--key", metavar="FILE", help="Sign the record with this key; `keygen` makes one.")
]


def run(
    program: Annotated[
        list[str],
        typer.Argument(metavar="SCRIPT_OR_NAME [ARGS]", help="A script, or a shipped loop; what follows is its own."),
    ],
    module: Annotated[bool, typer.Option("-m", help="SCRIPT_OR_NAME is a module, as in `python -m`.")] = False,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="The run folder.", show_default="runs/NAME-001, and so on")
    ] = None,
    form: Annotated[Format, typer.Option("--format", help="json: the last line of stdout is one object.")] = Format.TEXT,
    no_source: Annotated[bool, typer.Option("--no-source", help="Record the digests of the source, not its text.")] = False,
    no_record: Annotated[bool, typer.Option("--no-record", help="Leave no run folder.")] = False,
    no_watch: Annotated[bool, typer.Option("--no-watch", help="Do not look for mistakes while it runs.")] = False,
    no_preflight: Annotated[
        bool, typer.Option("--no-preflight", help="Say nothing of the first step (its loss, gradients, shapes).")
    ] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Stop at the first error that is found; exit code 3.")] = False,
    data_digest: DataDigest = Data.seen,
    digest_every: DigestEvery = None,
    nonce: Nonce = None,
    key: Key = None,
    profile: Annotated[bool, typer.Option("--profile", help="Also measure what each line costs.")] = False,
) -> None:
    """Run a training script as `python` would, or a shipped loop by its name, watched and recorded.

    Options before the script are glassloop's, all after it are the script's. The exit code is the script's own.

    Example: [bold]glassloop run --out runs/first train.py --epochs 3[/bold], or [bold]glassloop run digits[/bold]
    """
    name, args = program[0], program[1:]
    if out is not None and no_record:
        raise UserError(f"--out {out} asks for a run folder and --no-record for none; leave one of them out")
    if no_watch and strict:
        raise UserError("--strict stops at what the watch finds and --no-watch finds nothing; leave one of them out")
    if no_watch and profile:
        raise UserError("--profile measures what the watch hears and --no-watch hears nothing; leave one of them out")
    from glassloop import templates
    from glassloop.cli.recording import Keeping, give_hash_seed
    from glassloop.cli.running import run_program
    from glassloop.cli.watching import Watching

    keeping = Keeping(not no_record, not no_source, data_digest.value, digest_every, nonce, key)
    if no_record and key is not None:
        raise UserError("--key signs the record and --no-record leaves none; leave one of them out")
    keeping.check()
    if not no_record:
        give_hash_seed()
    watching = Watching(on=not no_watch, strict=strict, profile=profile, preflight=not no_preflight)
    folder, code = run_program(watching, name, args, out, module=module, keeping=keeping)
    if form is Format.JSON:
        run_folder = None if folder is None else str(folder)
        print(json.dumps({"run": run_folder, "findings": watching.findings, "exit_code": code}), flush=True)
    elif folder is not None and name not in templates.known():
        # Not on stdout: the last line there is the program's own. A shipped loop has said it itself.
        print(f"run folder {folder}; open {folder / 'report.html'}", file=sys.stderr, flush=True)
    raise typer.Exit(code)
