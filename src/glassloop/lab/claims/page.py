"""docs/claims.md, made from the ledger's texts and one recorded run: no number in it was typed by hand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from glassloop.lab.claims import NOT_MEASURED, Claim, all_claims
from glassloop.lab.claims.runner import fill

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


def page(record: Mapping[str, Any]) -> str:
    """The whole page.

    `record` is what bench/claims.py wrote: {"conditions": {name: {...}}, "claims": {id: {"where": name, "figures": ...}}}.
    """
    claims = all_claims()
    run = record["claims"]
    usual = Counter(row["where"] for row in run.values()).most_common(1)[0][0]
    where = {name: _where(conditions) for name, conditions in record["conditions"].items()}
    parts = [HEAD, f"The record: {where[usual]}. {USUAL}\n", _summary(claims)]
    for id, claim in claims.items():
        row = run.get(id, {})
        parts.append(_section(claim, row, where[row["where"]] if row and row["where"] != usual else ""))
    return "\n".join(parts)


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
    lines += ["", fill(claim.because, run["figures"])[0]] if run else [""]
    if where:
        lines.append(f"Recorded elsewhere: {where}.")
    if None in claim.published.values():
        needs = "a CUDA device" if "cuda" in claim.needs or not claim.needs else " and ".join(claim.needs)
        lines.append(f"The rest needs {needs}: `glassloop lab --claims {claim.id}` there decides it.")
    return "\n".join(lines) + "\n"
