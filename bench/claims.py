"""The ledger of claims, run in full: what docs/claims.md publishes.

python bench/claims.py [c03 c09]  ->  bench/results/claims.json and docs/claims.md

Named claims replace their own results in the record. On a machine with a GPU this decides what needs one.
--page writes the page from the record as it is, and runs nothing.
"""

import datetime
import json
import sys
from pathlib import Path

from glassloop.lab.claims import Here
from glassloop.lab.claims.page import page
from glassloop.lab.claims.runner import Result, chosen, conditions_here, run_claims

ROOT = Path(__file__).parents[1]
RECORD, PAGE = ROOT / "bench" / "results" / "claims.json", ROOT / "docs" / "claims.md"


def main(names: list[str]) -> int:
    record = json.loads(RECORD.read_text()) if RECORD.exists() else {"claims": {}}
    if names == ["--page"]:
        PAGE.write_text(page(record))
        return 0
    broken: list[str] = []
    conditions = {"date": datetime.date.today().isoformat(), **conditions_here()}
    where = ", ".join(
        [conditions["date"], f"torch {conditions['torch']}", conditions["cpu"], *filter(None, [conditions["gpu"]])]
    )

    def keep(result: Result) -> None:
        print(f"{result.id}  {result.verdict:<13}{result.seconds:6.1f} s  {result.error}", flush=True)
        if not result.holds:
            broken.append(result.id)
        elif result.figures or any(held is not None for held in result.cases.values()):
            row = {
                "verdict": result.verdict,
                "where": where,
                "seconds": result.seconds,
                "cases": result.cases,
                "figures": result.figures,
            }
            record["claims"][result.id] = row

    here = Here(full=True, device="cuda" if conditions["gpu"] else "cpu")
    run_claims(chosen(names), here, each=keep)
    record["claims"] = dict(sorted(record["claims"].items()))
    known = {**record.get("conditions", {}), where: conditions}
    used = {row["where"] for row in record["claims"].values()}
    record["conditions"] = {name: known[name] for name in sorted(used)}
    RECORD.write_text(json.dumps(record, indent=1, allow_nan=False) + "\n")
    PAGE.write_text(page(record))
    print("no longer as published: " + ", ".join(broken) if broken else f"all as published; wrote {PAGE.name}")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
