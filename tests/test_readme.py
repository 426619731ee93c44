"""The README's tour, run as it stands; and the code it shows is the code that ships."""

import io
import json
import os
import re
import subprocess
import sys
import tokenize
from pathlib import Path

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def without_comments(text):
    tokens = [t for t in tokenize.generate_tokens(io.StringIO(text).readline) if t.type != tokenize.COMMENT]
    lines = tokenize.untokenize(tokens).splitlines()
    return [line.strip() for line in lines if line.strip()]


def test_the_loop_it_shows_is_the_loop_that_ships():
    shown = without_comments(blocks("python")[0])
    shipped = without_comments((ROOT / "src/glassloop/loops/production/train.py").read_text())
    start = shipped.index(shown[0])
    assert shipped[start : start + len(shown)] == shown


def test_tour(tmp_path):
    tour = "\n".join(block for block in blocks("sh") if not block.startswith("make "))
    script, check = blocks("python")[1], "glassloop check your_script.py"
    (tmp_path / "your_script.py").write_text(script)
    tour = tour.replace(check, f"cd ..; {check} > checked || test $? = 1")
    audit = "glassloop audit recorded -o audit.html"  # which the mistake that check found fails
    assert audit in tour
    tour = tour.replace(audit, f"{audit} || test $? = 1")
    done = subprocess.run(
        ["bash", "-c", f"set -e\n{tour}"],
        cwd=tmp_path,
        env=os.environ | {"PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])},
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "resumed after step 30" in done.stdout
    assert done.stdout.count('final {"val_loss"') == 3
    assert re.search(r"\d+ passed", done.stdout)
    shown = README[README.index("```\nyour_script.py:") + 4 :].partition("```")[0]
    assert (tmp_path / "checked").read_text().startswith(shown)
    (found,) = json.loads((tmp_path / "recorded" / "findings.json").read_text())
    assert (found["rule"], found["line"]) == ("zero-grad-missing", 10)
    for name in ("run.json", "report.html", "source/your_script.py"):
        assert (tmp_path / "recorded" / name).exists()
    for name in ("run.json", "history.json", "report.html", "curves.png", "pictures/predictions.png", "checkpoints/latest"):
        assert (tmp_path / "mine" / "second" / name).exists()


def test_links_lead_somewhere():
    for target in re.findall(r"\]\(([^)#:]+)\)", README):
        assert (ROOT / target).exists(), target
