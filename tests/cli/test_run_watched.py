"""`glassloop run` watches: it says what it finds, writes it down, and stops where it is told to."""

import json

from glassloop.check import check_paths

BROKEN = """
import torch
model = torch.nn.Linear(3, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
for step in range(3):
    model(torch.ones(2, 3)).sum().backward()
    optimizer.step()
print("done", step)
"""


def test_findings_are_said_written_and_told(command, write):
    script = write("train.py", BROKEN)
    done = command("run", "--out", "r", "--format", "json", "train.py")
    assert done.returncode == 0, done.stderr
    assert "train.py:7: error zero-grad-missing" in done.stderr
    said = json.loads(done.stdout.splitlines()[-1])
    written = json.loads((script.parent / "r" / "findings.json").read_text())
    assert said["findings"] == written
    assert [(f["rule"], f["path"], f["line"], f["count"], f["step"]) for f in written] == [
        ("zero-grad-missing", "train.py", 7, 2, 2)
    ]
    (checked,) = (finding.as_json() for finding in check_paths([script]).findings)
    both = {key: (value, written[0][key]) for key, value in checked.items() if key not in ("path", "related")}
    assert all(text == run for text, run in both.values()), both
    assert [(r["line"], r["message"]) for r in checked["related"]] == [
        (r["line"], r["message"]) for r in written[0]["related"]
    ]


def test_strict_stops_at_the_first_error_with_exit_code_3(command, write):
    write("train.py", BROKEN)
    done = command("run", "--strict", "--out", "r", "--format", "json", "train.py")
    assert done.returncode == 3
    assert "done" not in done.stdout
    assert "Traceback" not in done.stderr
    assert json.loads(done.stdout.splitlines()[-1])["exit_code"] == 3


def test_no_watch_and_scripts_without_torch(command, write):
    write("train.py", BROKEN)
    write("plain.py", "import sys\nassert 'torch' not in sys.modules\n")
    quiet = command("run", "--no-watch", "--no-record", "train.py")
    assert (quiet.returncode, quiet.stderr) == (0, "")
    assert command("run", "--no-record", "plain.py").returncode == 0
    assert command("run", "--no-watch", "--strict", "train.py").returncode == 2


RIGHT = """
import torch
model = torch.nn.Linear(3, 4)
optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
for step in range(3):
    optimizer.zero_grad()
    torch.nn.functional.cross_entropy(model(torch.zeros(8, 3)), torch.zeros(8, dtype=torch.long)).backward()
    optimizer.step()
"""


def test_the_first_step_is_said_in_a_line_unless_it_is_not_wanted(command, write):
    write("train.py", RIGHT)
    done = command("run", "--no-record", "train.py")
    (line,) = done.stderr.splitlines()
    assert line.startswith("first step: loss ")
    assert line.endswith("(guessing: 1.386 = log 4); 2 of 2 parameters got a gradient and moved; batch [8, 3]")
    assert done.stdout == ""
    quiet = command("run", "--no-record", "--no-preflight", "train.py")
    assert (quiet.returncode, quiet.stderr) == (0, "")


def test_numbers_of_the_run_stand_in_its_last_line(command, write):
    write("train.py", RIGHT.replace(".zero_grad()\n", ".zero_grad()\n    optimizer.param_groups[0]['lr'] = 0.0\n"))
    done = command("run", "--no-record", "--format", "json", "train.py")
    (finding,) = json.loads(done.stdout.splitlines()[-1])["findings"]
    assert (finding["rule"], finding["step"]) == ("learning-rate-zero", 2)
    assert finding["facts"] == {"since": 1, "step": 2, "learning_rates": [0.0], "largest_before": 0.0}
