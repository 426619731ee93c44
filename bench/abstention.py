"""How much of public training code the reader follows, and where it loses sight.

    python bench/abstention.py FOLDER ...       # folders with other people's code

A root is a script, or a function that nothing calls, in which an optimizer steps. It counts as *followed* where a step and a
backward that is known to reach its optimizer were heard on some path; as *in sight throughout* where moreover no place on
the way was opaque to everything. What is left is counted by cause: the call at which sight was lost, or why nothing was
played.
"""

from __future__ import annotations

import ast
import json
import sys
from collections import Counter
from pathlib import Path

from glassloop.check import check_paths
from glassloop.events import BACKWARD, OPAQUE, STEP
from glassloop.source.paths import Play
from glassloop.source.program import Text


def main() -> None:
    totals: Counter[str] = Counter()
    causes: Counter[str] = Counter()
    for folder in sys.argv[1:]:
        report = check_paths([folder], gitignore=False, keep=True, jobs=1)
        mine: Counter[str] = Counter(files=report.statistics["files"], played=report.statistics["files played"])
        for play in report.plays:
            if trains(play):
                judge(play, report.texts, mine, causes)
        mine["undecided stories"] = len(report.undecided)
        mine["findings"] = sum(f.severity.value != "info" for f in report.findings)
        print(json.dumps({"folder": Path(folder).name} | dict(mine)), flush=True)
        totals += mine
    print(json.dumps({"folder": "all"} | dict(totals)))
    for cause, count in causes.most_common(25):
        print(f"{count:6d}  {cause}")


def trains(play: Play) -> bool:
    """Whether an optimizer steps on some path, or would if it could be played."""
    return bool(play.failed) or any(event.kind == STEP for path in play.paths for event in path.events)


def judge(play: Play, texts: dict[str, Text], mine: Counter[str], causes: Counter[str]) -> None:
    """Count one root."""
    mine["roots that train"] += 1
    if play.failed:
        mine["not played to its end"] += 1
        causes[play.failed] += 1
        return
    events = [event for path in play.paths for event in path.events]
    followed = any(e.kind == BACKWARD and e.of for e in events)
    lost = {e.at for e in events if e.kind == OPAQUE and e.of is None} if play.root.function is None else set()
    mine["followed"] += followed
    mine["in sight throughout"] += followed and not lost
    mine["more paths than were played"] += play.bounded
    if not followed:
        causes["no backward whose reach is known"] += 1
    for place in lost:
        causes[f"call of {called(texts, place)}"] += 1


def called(texts: dict[str, Text], place: object) -> str:
    """What is called at a place, by the last part of its name."""
    path, line = getattr(place, "path", ""), getattr(place, "line", 0)
    if path not in texts:
        return "?"
    for node in ast.walk(texts[path].tree):
        if isinstance(node, ast.Call) and node.lineno == line and node.col_offset + 1 == getattr(place, "column", 0):
            return ast.unparse(node.func)[-40:]
    return "no call"


if __name__ == "__main__":
    main()
