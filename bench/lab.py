"""Every experiment of the lab, all seeds: what docs/lab.md publishes.

python bench/lab.py [RULE ...]  ->  bench/results/lab.json and docs/lab.md

Named experiments replace their own results in the record. --page writes the page from the record and runs nothing.
"""

import datetime
import json
import sys
from pathlib import Path

from glassloop.lab.catalogue import experiments
from glassloop.lab.claims.runner import conditions_here
from glassloop.lab.page import page
from glassloop.lab.published import row
from glassloop.lab.trial import run

ROOT = Path(__file__).parents[1]
RECORD, PAGE = ROOT / "bench" / "results" / "lab.json", ROOT / "docs" / "lab.md"


def main(names: list[str]) -> int:
    record = json.loads(RECORD.read_text()) if RECORD.exists() else {"rows": []}
    known = experiments()
    if names != ["--page"]:
        outcomes = run({name: experiment for name, experiment in known.items() if not names or name in names})
        for one in outcomes:
            print(f"{one.rule}, {one.case.name}: {one.verdict or 'not run'}{'' if one.holds else ': ' + one.why_not}")
        if not all(one.holds for one in outcomes):
            print("no longer as published: the record stays as it was")
            return 1
        new = [row(one.as_json(), one.case.says) for one in outcomes]
        tried = {one["rule"] for one in new}
        rows = [*(old for old in record["rows"] if old["rule"] not in tried and old["rule"] in known), *new]
        rows.sort(key=lambda one: list(known).index(one["rule"]))  # cases of one experiment keep their order
        record = {"conditions": {"date": datetime.date.today().isoformat(), **conditions_here()}, "rows": rows}
        RECORD.write_text(json.dumps(record, indent=1, allow_nan=False) + "\n")
    PAGE.write_text(page(record["rows"]))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
