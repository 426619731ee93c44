"""Breaks right loops in small ways, runs what comes out, and lets the tensors say what went wrong.

    python tests/cases/mutate.py FOLDER [OUT]       # OUT gets each mutant that ran, labelled by its evidence

A mutant drops one statement of the loop, swaps it with the next, or takes a no_grad away. Those that raise, or whose
evidence names two rules (which is the mistake then?), are thrown away. Its labels come from the witness, so they hold
what happened; two rules have no two-sided evidence and are left out.
A mutant is for exploring (where do the ears and the tensors disagree?), not a contract: read it before you believe it.
"""

from __future__ import annotations

import ast
import itertools
import sys
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from labels import HERE, load

CALLS = {
    "zero_grad", "backward", "step", "clip_grad_norm_", "clip_grad_value_", "unscale_", "train", "eval", "detach_",
    "zero_",
}  # fmt: skip
GUARDS = ("torch.no_grad()", "torch.inference_mode()")


def mutants(text: str) -> Iterator[tuple[str, str]]:
    """(what was done, text) of each mutant; every mutant has the lines of the original in number."""
    lines = text.splitlines()
    for block in blocks(ast.parse(text)):
        for here, after in itertools.zip_longest(block, block[1:]):
            if not is_call(here):
                continue
            at, end = here.lineno - 1, here.end_lineno
            dropped = [*lines[:at], indent(lines[at]) + "pass", *[""] * (end - at - 1), *lines[end:]]
            yield f"drop-{here.lineno}", "\n".join(dropped) + "\n"
            if after is not None and not isinstance(after, ast.FunctionDef | ast.ClassDef) and after.lineno > end:
                span = [*lines[end : after.end_lineno], *lines[at:end]]
                yield f"swap-{here.lineno}", "\n".join([*lines[:at], *span, *lines[after.end_lineno :]]) + "\n"
    for number, line in enumerate(lines):
        guard = next((g for g in GUARDS if g in line), None)
        if guard is not None:
            open_line = line.replace(guard, "torch.enable_grad()")
            yield f"open-{number + 1}", "\n".join([*lines[:number], open_line, *lines[number + 1 :]]) + "\n"


def blocks(tree: ast.AST) -> Iterator[list[ast.stmt]]:
    """Every list of statements in the tree."""
    for node in ast.walk(tree):
        for field in ("body", "orelse", "finalbody"):
            block = getattr(node, field, None)
            if isinstance(block, list):
                yield block


def is_call(statement: ast.stmt) -> bool:
    """Whether the statement is a bare call of one of CALLS, such as `optimizer.step()`."""
    return (
        isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Call)
        and getattr(statement.value.func, "attr", getattr(statement.value.func, "id", "")) in CALLS
    )


def indent(line: str) -> str:
    return line[: len(line) - len(line.lstrip())]


def labelled(text: str, evidence: set[tuple[str, int]]) -> str:
    """The text with a label on every line that the evidence names (line 0: the witness could not tell where)."""
    lines = text.splitlines()
    for rule, line in sorted(evidence):
        if line:
            lines[line - 1] += f", {rule}" if "# expect:" in lines[line - 1] else f"  # expect: {rule}"
    return "\n".join(lines) + "\n"


def evidence_of(path: Path) -> set[tuple[str, int]] | None:
    """What running the mutant showed; None where it raises or tells two stories."""
    import witness

    try:
        seen = witness.observe(path, (path,))
    except (Exception, SystemExit):
        return None
    if len({rule for rule, _ in seen}) > 1:
        return None
    return {(rule, line) for rule, line in seen if rule not in witness.ONE_SIDED}


def main(folder: str, out: str) -> None:
    import torch
    import witness

    torch.set_num_threads(1)
    witness.patch()
    kept = thrown = silent = 0
    right = [case.path for case in load(folder) if not case.expected]
    for source, (what, text) in ((p, m) for p in right for m in mutants(p.read_text(encoding="utf-8"))):
        path = Path(out) / source.relative_to(HERE).with_suffix("") / f"{what}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        evidence = evidence_of(path)
        if evidence is None:
            path.unlink()
            thrown += 1
            continue
        path.write_text(labelled(text, evidence), encoding="utf-8")
        kept, silent = kept + 1, silent + (not evidence)
    print(f"{kept} mutants ran ({silent} of them without evidence), {thrown} raised or told two stories")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else "mutants")
