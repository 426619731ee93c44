"""`glassloop lab --claims` as it is used."""

import json


def test_a_named_claim_comes_as_json(command):
    done = command("lab", "--claims", "c03", "--format", "json")
    assert done.returncode == 0, done.stderr
    (row,) = json.loads(done.stdout)
    assert {"id", "says", "verdict", "published", "holds", "conditions", "figures"} <= set(row)
    assert (row["id"], row["verdict"], row["published"], row["holds"]) == ("c03", "depends", "depends", True)
    assert row["cases"]["never cleared"] is False
    assert "{" not in row["conditions"], "the figures stand in the text"


def test_an_unknown_claim_is_one_line_and_code_2(command):
    done = command("lab", "--claims", "c999")
    assert done.returncode == 2
    assert done.stderr.startswith("error: no claim is called c999; ")
    assert len(done.stderr.splitlines()) == 1


def test_torch_stays_in_the_children(command, write):
    code = """
import sys
from glassloop.lab.claims import Here
from glassloop.lab.claims.runner import chosen, run_claims
if __name__ == "__main__":
    assert [result.holds for result in run_claims(chosen(["c07"]), Here())] == [True]
    assert not {"torch", "numpy"} & set(sys.modules)
    print("as it should")
"""
    done = command("run", "--no-watch", "--no-record", str(write("try.py", code)))
    assert "as it should" in done.stdout, done.stderr
