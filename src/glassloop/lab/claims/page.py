"""docs/claims.md, made from the ledger's texts and one recorded run: no number in it was typed by hand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from glassloop.lab.claims import NOT_MEASURED, Claim, all_claims
from glassloop.lab.claims.runner import fill
from glassloop.lab.claims.scripts import NAMES, mend_of

HEAD = """\
# What is said about training loops, tried

Popular texts on the PyTorch training loop make statements that can be tried. Each one below is an experiment in
`src/glassloop/lab/claims/themes/`: it tries the statement in named cases, and the verdict follows from them. It held in
all cases: **true**; in none: **false**; in some: **depends**, and the cases say on what. The statements are in our words;
the texts are called the article, the essay, the chapter, the loop post and the lesson.

    glassloop lab --claims              # all of them: minutes
    glassloop lab --claims --quick      # what CI runs: fewer seeds, and nothing about time
    glassloop lab --claims c03 c09      # these

CI fails when a case comes out otherwise than published here. Times of one machine decide nothing there: they are in the full
run only, as ratios with wide margins. This page is generated (`python bench/claims.py`) from the texts and the record
in `bench/results/claims.json`; a test compares the two. What disagreed with first measurements is in [the log](log.md).
"""

USUAL = """\
Unless a claim says otherwise: float32, seed 0 on; *spiral* is three classes of 300 points with angle noise 0.25, a separate
validation draw, a 2-64-64-3 network, batches of 64."""

FOLDER = "../src/glassloop/lab/claims/listings"  # from docs/

LISTINGS = """\
# The listings, run today

The texts print listings, fourteen by our count. Ours are short scripts with the same structure and calls, in
`src/glassloop/lab/claims/listings/`, each played as it stands, after the names that its text leaves out (`given.py`: data,
model, loaders, device) and nothing else. Where something is to mend, the mended form lies beside it as `NAME_mended.py`, is
played by the same experiment, and is shown below as the lines that change.
"""


def page(record: Mapping[str, Any]) -> str:
    """The whole page.

    `record` is what bench/claims.py wrote: {"conditions": {name: {...}}, "claims": {id: {"where": name, "figures": ...}}}.
    """
    claims = all_claims()
    run = record["claims"]
    usual = Counter(row["where"] for row in run.values()).most_common(1)[0][0]
    where = {name: _where(conditions) for name, conditions in record["conditions"].items()}
    printed = {id: claim for id, claim in claims.items() if id in NAMES}
    stated = {id: claim for id, claim in claims.items() if id not in NAMES}

    def sections(of: Mapping[str, Claim]) -> list[str]:
        rows = ((claim, run.get(id, {})) for id, claim in of.items())
        return [_section(one, row, where[row["where"]] if row and row["where"] != usual else "") for one, row in rows]

    parts = [HEAD, f"The record: {where[usual]}. {USUAL}\n", _summary(stated), *sections(stated)]
    return "\n".join([*parts, LISTINGS, _table(printed, run), *sections(printed)])


def _table(listings: Mapping[str, Claim], run: Mapping[str, Any]) -> str:
    """Each listing, what comes of it, and whether there is something to mend."""
    lines = ["| id | listing | in | result | mended |", "|---|---|---|---|---|"]
    for id, claim in listings.items():
        name = NAMES[id]
        result = fill(claim.because, run[id]["figures"])[0] if id in run else claim.because
        mended = f"[{name}_mended.py]({FOLDER}/{name}_mended.py)" if mend_of(name) else "nothing to mend"
        lines.append(f"| [{id}](#{id}) | [{name}.py]({FOLDER}/{name}.py) | {claim.source} | {result} | {mended} |")
    return "\n".join(lines) + "\n"


def _where(c: Mapping[str, Any]) -> str:
    """Date, versions and hardware of a run."""
    machine = f"{c['platform']}, {c['cpu']}, {c['cores']} cores, {c['gpu'] or 'no GPU'}"
    return f"{c['date']}, torch {c['torch']} with {c['threads']} thread, Python {c['python']}, {machine}"


def _summary(claims: Mapping[str, Claim]) -> str:
    counts = Counter(claim.verdict for claim in claims.values())
    counted = ", ".join(f"{number} {verdict}" for verdict, number in counts.most_common())
    lines = [f"{len(claims)} claims: {counted}.", "", "| id | claim | said in | verdict |", "|---|---|---|---|"]
    for id, claim in claims.items():
        lines.append(f"| [{id}](#{id}) | {claim.says} | {claim.source} | {_verdict(claim)} |")
    waiting = [id for id, claim in claims.items() if None in claim.published.values()]
    lines += ["", "What is not measured here is decided on a machine with a GPU by", ""]
    lines.append(f"    python bench/claims.py {' '.join(waiting)}")
    return "\n".join(lines) + "\n"


def _verdict(claim: Claim) -> str:
    """The verdict, and whether some of its cases wait for another machine."""
    waits = claim.verdict != NOT_MEASURED and None in claim.published.values()
    return f"**{claim.verdict}**" + (" (in part not measured)" if waits else "")


def _section(claim: Claim, run: Mapping[str, Any], where: str) -> str:
    """One claim: its cases by what they say, the explanation with its figures; `where` if it ran on another machine."""
    lines = [f"## {claim.id}", "", f"{claim.says} ({claim.source}). {_verdict(claim)}", ""]
    for title, held in (("Holds", True), ("Does not hold", False), ("Not measured", None)):
        names = [case for case, value in claim.published.items() if value is held]
        if names:
            lines.append(f"- {title}: {'; '.join(names)}.")
    if claim.id in NAMES:
        mend = mend_of(NAMES[claim.id])
        lines += ["", f"```diff\n{mend}\n```"] if mend else []
    else:
        lines += ["", fill(claim.because, run["figures"])[0]] if run else [""]
    if where:
        lines.append(f"Recorded elsewhere: {where}.")
    if None in claim.published.values():
        needs = " and ".join([*(need for need in claim.needs if need != "cuda"), "a CUDA device"])
        lines.append(f"The rest needs {needs}: `glassloop lab --claims {claim.id}` there decides it.")
    return "\n".join(lines) + "\n"
