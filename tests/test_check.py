"""check, from files to findings: whatever is on the disk, and the command itself."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
import textwrap
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from glassloop.check import check_paths
from glassloop.cli.check import check
from glassloop.cli.explain import explain
from glassloop.config import Config, find_config
from glassloop.errors import UserError
from glassloop.rules import all_rules
from glassloop.source.files import _ignoring, _in_repository, files_of
from glassloop.source.notebooks import read_notebook

RULE = next(rule for rule in all_rules() if rule.name == "zero-grad-missing")
BAD, GOOD = RULE.bad, RULE.good
app = typer.Typer()
app.command()(check)
app.command()(explain)
runner = CliRunner()


@pytest.fixture
def script(tmp_path: Path) -> Path:
    path = tmp_path / "train.py"
    path.write_text(BAD, encoding="utf-8")
    return path


def note_on(path: Path, data: bytes) -> str:
    """The one line that check says of a file that it cannot read."""
    path.write_bytes(data)
    report = check_paths([path])
    ((_, note),) = report.notes
    assert report.findings == []
    assert "\n" not in note
    return note


def test_what_cannot_be_read_ends_in_one_clear_line(tmp_path: Path):
    trains = b"import torch\nloss.backward()\n"
    path = tmp_path / "odd.py"
    assert "NUL" in note_on(path, trains + b"\x00")
    assert "not valid Python" in note_on(path, trains + b"def (:\n")
    assert "encoding" in note_on(path, b"# coding: utf-8\n" + trains + b"x = '\xff\xfe'\n")
    assert "too large" in note_on(path, trains + b"#" * 2_000_000)
    assert "nested" in note_on(path, trains + b"x = " + b"(" * 150 + b"1" + b")" * 150 + b" \ny = " + b"-" * 50_000 + b"1\n")
    assert "notebook" in note_on(tmp_path / "odd.ipynb", b"{}loss.backward()")


@pytest.mark.parametrize("encoding", ["utf-8-sig", "latin-1", "cp1252"])
def test_declared_encodings_are_read(tmp_path: Path, encoding: str):
    head = "" if encoding == "utf-8-sig" else f"# -*- coding: {encoding} -*-\n"
    path = tmp_path / "train.py"
    path.write_bytes((head + BAD.replace("torch.manual_seed(0)", "word = 'é'")).replace("\n", "\r\n").encode(encoding))
    assert [f.rule for f in check_paths([path]).findings] == ["zero-grad-missing"]


def test_a_script_that_never_ends_is_bounded(tmp_path: Path):
    path = tmp_path / "train.py"
    forks = "\n".join(f"    if x.a{i}:\n        optimizer.zero_grad()" for i in range(40))
    path.write_text(BAD.replace("    loss.backward()\n", f"    loss.backward()\n{forks}\n").replace("range(2)", "x.y"))
    report = check_paths([path])
    assert report.statistics["paths"] <= 64
    path.write_text("import torch\ndef f(n):\n    loss.backward()\n    return f(n) + f(n)\nf(1)\n")
    assert check_paths([path]).findings == []


def test_a_comment_sets_a_finding_aside(script: Path):
    for comment, left in (("ignore[zero-grad-missing]", 0), ("ignore", 0), ("ignore[step-missing, backward-missing]", 1)):
        script.write_text(BAD.replace("# expect: zero-grad-missing", f"# glassloop: {comment}"), encoding="utf-8")
        assert [f.rule for f in check_paths([script]).findings].count("zero-grad-missing") == left


def test_a_comment_that_sets_nothing_aside_is_told_and_is_no_failure(script: Path):
    def told(comment: str, **how: Any) -> list[str]:
        script.write_text(GOOD.replace("optimizer.step()", f"optimizer.step()  # glassloop: {comment}"), encoding="utf-8")
        findings = check_paths([script], **how).findings
        assert all(f.severity.value == "info" for f in findings)
        return [f.message for f in findings if f.rule == "unused-suppression"]

    assert "zero-grad-missing" in told("ignore[zero-grad-missing]")[0]
    assert "no rule is called zero-grad-mising" in told("ignore[zero-grad-mising]")[0]
    assert told("ignore[zero-grad-missing]", select=["step-missing"]) == []
    script.write_text(GOOD + 'text = "# glassloop: ignore[zero-grad-missing]"\n', encoding="utf-8")
    assert check_paths([script]).findings == []
    assert runner.invoke(app, ["check", str(script)]).exit_code == 0


def test_the_project_s_own_settings_hold(script: Path, tmp_path: Path):
    def codes(settings: str) -> int:
        (tmp_path / "pyproject.toml").write_text(f"[tool.glassloop]\n{settings}\n", encoding="utf-8")
        return runner.invoke(app, ["check", str(tmp_path)]).exit_code

    assert codes("") == 1
    assert codes('ignore = ["zero-grad-missing"]') == 0
    assert codes('select = ["step-missing"]') == 0
    assert codes('per-file-ignores = {"train.py" = ["zero-grad-missing"]}') == 0
    assert codes('per-file-ignores = {"other/*.py" = ["zero-grad-missing"]}') == 1
    for wrong in ('selct = ["step-missing"]', "ignore = 3", "ignore = [1]", "per-file-ignores = []", "x = ["):
        (tmp_path / "pyproject.toml").write_text(f"[tool.glassloop]\n{wrong}\n", encoding="utf-8")
        with pytest.raises(UserError, match=r"pyproject\.toml"):
            find_config(script)


def test_what_git_ignores_and_the_project_excludes_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    for name in ("a.py", "out/b.py", "out/keep/c.py", "lib/d.py", "lib/gen_e.py", "lib/kept_gen_e.py", "made/f.py"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("", encoding="utf-8")
    (tmp_path / ".gitignore").write_text("/out/*\n!/out/keep\n*gen_*\n/made/\n", encoding="utf-8")
    (tmp_path / "lib" / ".gitignore").write_text("!kept_*\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    everything = {"a.py", "out/b.py", "out/keep/c.py", "lib/d.py", "lib/gen_e.py", "lib/kept_gen_e.py", "made/f.py"}

    def below(**how: Any) -> set[str]:
        return {Path(path).as_posix() for path in files_of(["."], **how)}

    assert below() == everything  # no repository: what lies above does not count
    (tmp_path / ".git").mkdir()
    _ignoring.cache_clear()
    _in_repository.cache_clear()
    assert below() == everything - {"out/b.py", "lib/gen_e.py", "made/f.py"}
    assert below(gitignore=False) == everything
    assert below(exclude=["lib/"]) == {"a.py", "out/keep/c.py"}
    assert files_of(["out/b.py"]) == ["out/b.py"]
    assert files_of(["made"]) == ["made/f.py"]  # who names an ignored folder means it


def test_text_shows_both_places_and_the_remedy(script: Path):
    shown = runner.invoke(app, ["check", str(script)]).stdout
    assert f"{script}:11:5: error zero-grad-missing" in shown
    assert "   10 | loss.backward()   <- adds to gradients" in shown
    assert "  > 11 | optimizer.step()" in shown
    assert "fix: Call optimizer.zero_grad()" in shown
    assert "\x1b" not in shown


def test_columns_count_characters(tmp_path: Path):
    path = tmp_path / "train.py"
    path.write_text(BAD.replace("    optimizer.step()", '    größe = "ü"; optimizer.step()'), encoding="utf-8")
    (found,) = json.loads(runner.invoke(app, ["check", str(path), "--format", "json"]).stdout)
    assert found["column"] == len('    größe = "ü"; ') + 1


def test_sarif_is_valid_and_whole(script: Path):
    from sarif_pydantic import Sarif

    text = runner.invoke(app, ["check", str(script), "--format", "sarif"]).stdout
    log = Sarif.model_validate_json(text)
    (run,) = log.runs
    assert {rule.id for rule in run.tool.driver.rules} >= {rule.name for rule in all_rules()}
    (result,) = run.results
    assert (result.rule_id, result.level.value) == ("zero-grad-missing", "error")
    assert run.tool.driver.rules[result.rule_index].id == "zero-grad-missing"
    assert result.locations[0].physical_location.region.start_line == 11
    assert len(result.related_locations) == 1
    moved = BAD.replace("for step", "# a line more\nfor step")
    script.write_text(moved, encoding="utf-8")
    again = json.loads(runner.invoke(app, ["check", str(script), "--format", "sarif"]).stdout)["runs"][0]["results"][0]
    assert again["partialFingerprints"] == result.partial_fingerprints


def test_github_annotations(script: Path):
    (line,) = runner.invoke(app, ["check", str(script), "--format", "github"]).stdout.splitlines()
    options, message = line.removeprefix("::error ").split("::", 1)
    assert dict(option.split("=", 1) for option in options.split(","))["line"] == "11"
    assert "line 10" in message


def test_diff_changes_nothing_and_fix_changes_that(script: Path):
    shown = runner.invoke(app, ["check", str(script), "--diff"])
    assert shown.exit_code == 1
    assert "+    optimizer.zero_grad()" in shown.stdout
    assert script.read_text(encoding="utf-8") == BAD
    mode = script.stat().st_mode
    assert runner.invoke(app, ["check", str(script), "--fix"]).exit_code == 0
    assert "optimizer.zero_grad()" in script.read_text(encoding="utf-8")
    assert script.stat().st_mode == mode
    assert runner.invoke(app, ["check", str(script), "--diff"]).exit_code == 0
    piped = runner.invoke(app, ["check", "-", "--fix"], input=BAD)
    assert piped.stdout == script.read_text(encoding="utf-8")


def test_a_patch_of_diff_applies(script: Path):
    shown = runner.invoke(app, ["check", str(script), "--diff"]).stdout
    done = subprocess.run(["patch", "-s", str(script)], input=shown, text=True, capture_output=True)
    assert done.returncode == 0, done.stderr
    assert check_paths([script]).findings == []


def test_verbose_says_what_was_not_decided_and_why(tmp_path: Path):
    path = tmp_path / "train.py"
    text = BAD.replace("    loss.backward()", "    if x.flag:\n        optimizer.zero_grad()\n    loss.backward()")
    path.write_text(text, encoding="utf-8")
    shown = runner.invoke(app, ["check", str(path), "--verbose"])
    assert shown.exit_code == 0
    assert "not decided: zero-grad-missing" in shown.stderr
    assert "ways through its lines" in shown.stderr


def test_a_notebook_is_its_cells_in_order(tmp_path: Path):
    head, tail = BAD.split("for step", 1)
    cells = [
        {"cell_type": "markdown", "source": ["loss.backward()"]},
        {"cell_type": "code", "source": ["%matplotlib inline\n", *head.splitlines(keepends=True)]},
        {"cell_type": "code", "source": f"for step{tail}"},
    ]
    path = tmp_path / "train.ipynb"
    path.write_text(json.dumps({"cells": cells}), encoding="utf-8")
    assert [f.rule for f in check_paths([path]).findings] == ["zero-grad-missing"]


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ("%matplotlib inline\nx = 1", "pass              \nx = 1"),
        ("if x:\n    !ls\ny = 2", "if x:\n    0  \ny = 2"),
        ("print(\n    'a: %d'\n    % (x))", None),
        ('"""\n% no magic\n"""\n%time f()', '"""\n% no magic\n"""\npass     '),
        ("x = ')'\n%load y", "x = ')'\npass   "),
        ("y = x \\\n  % 3", None),
        ("files = !ls *.py\nmodel?", "pass            \npass  "),
        ("%%bash\nls (", "      \n    "),
        ("%%time\nf(x)", "pass  \nf(x)"),
        ("f(x)  # (\n%who", "f(x)  # (\npass"),
    ],
)
def test_magics_are_set_aside_where_statements_begin(cell: str, text: str | None):
    data = json.dumps({"cells": [{"cell_type": "code", "source": cell}]}).encode()
    made = read_notebook(data).text
    assert made == (cell if text is None else text) + "\n"
    assert [len(line) for line in made.split("\n")] == [len(line) for line in (cell + "\n").split("\n")]
    ast.parse(made)


def test_json_is_a_list_of_whole_findings(script: Path):
    result = runner.invoke(app, ["check", str(script), "--format", "json"])
    (finding,) = json.loads(result.stdout)
    assert result.exit_code == 1
    assert set(finding) == {"path", "line", "column", "end_line", "rule", "severity", "message", "related", "fix"}
    assert (finding["rule"], finding["severity"], finding["line"]) == ("zero-grad-missing", "error", 11)
    assert finding["related"][0] == {"path": str(script), "line": 10, "message": finding["related"][0]["message"]}


def test_exit_codes(script: Path, tmp_path: Path):
    assert runner.invoke(app, ["check", str(script)]).exit_code == 1
    assert runner.invoke(app, ["check", str(script), "--ignore", "zero-grad-missing"]).exit_code == 0
    assert runner.invoke(app, ["check", str(script), "--select", "step-missing,backward-missing"]).exit_code == 0
    assert runner.invoke(app, ["check", "-"], input=BAD).exit_code == 1
    assert runner.invoke(app, ["check", str(tmp_path / "none.py")]).exit_code != 0
    assert runner.invoke(app, ["check", str(script), "--select", "no-such-rule"]).exit_code != 0


@pytest.mark.parametrize("name", ["clip-after-step", "backward", "opaque"])
def test_explain_has_a_page_for_rules_and_events(name: str):
    result = runner.invoke(app, ["explain", name])
    assert result.exit_code == 0
    assert name in result.stdout


def test_reading_loads_neither_torch_nor_numpy(script: Path):
    code = (
        f"import sys; from glassloop.check import check_paths; assert check_paths([{str(script)!r}]).findings;"
        "print([m for m in ('torch', 'numpy') if m in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"


def test_a_rule_that_must_be_asked_is_silent_until_it_is_named(script: Path, monkeypatch: pytest.MonkeyPatch):
    rules = tuple(replace(rule, card=replace(rule.card, asked=rule.name == "zero-grad-missing")) for rule in all_rules())
    monkeypatch.setattr("glassloop.check.all_rules", lambda: rules)
    assert check_paths([script]).findings == []
    assert check_paths([script], select=["step-missing"]).findings == []
    assert [f.rule for f in check_paths([script], select=["zero-grad-missing"]).findings] == ["zero-grad-missing"]


def test_a_rule_that_only_a_run_tells_is_not_asked_of_a_text(script: Path, monkeypatch: pytest.MonkeyPatch):
    rules = tuple(replace(rule, card=replace(rule.card, only_run=rule.name == "zero-grad-missing")) for rule in all_rules())
    monkeypatch.setattr("glassloop.check.all_rules", lambda: rules)
    assert check_paths([script]).findings == []
    with pytest.raises(ValueError, match=r"no text tells zero-grad-missing.*glassloop run"):
        check_paths([script], select=["zero-grad-missing"])
    listed = Config(select=("zero-grad-missing", "step-missing"))  # a project's settings may name it for its runs
    assert check_paths([script], config=listed).findings == []


def test_several_cores_find_what_one_finds():
    cases = Path(__file__).parent / "cases"
    folders = [cases / "zero-grad-missing", cases / "no-grad-missing", cases / "programs"]
    one, two = (check_paths(folders, jobs=jobs) for jobs in (1, 2))
    assert one.findings == two.findings
    assert len(one.findings) > 20
    assert sorted(one.undecided) == sorted(two.undecided)
    assert one.statistics == two.statistics


def test_a_program_too_large_for_all_its_paths_is_judged_by_what_could_mend_it(tmp_path: Path):
    """Long, and with more forks than there is time for: the choices around a story are what counts."""
    filler = "".join(f"    n{i} = {i}\n" for i in range(1500))
    forks = "\n".join(f"if options.a{i}:\n    model.train()" for i in range(40))
    head = f"import argparse\noptions = argparse.ArgumentParser().parse_args()\ndef fill():\n{filler}\nfill()\nfill()\n"
    start, loop = BAD.split("for step", 1)
    path = tmp_path / "train.py"
    path.write_text(f"{head}{start}{forks}\nfor step{loop}", encoding="utf-8")
    report = check_paths([path])
    assert [f.rule for f in report.findings] == ["zero-grad-missing"]
    assert report.statistics["roots with more paths than were played"]
    clearing = "    if options.clear:\n        optimizer.zero_grad()\n"
    mending = loop.replace("    loss.backward()", f"{clearing}    loss.backward()")
    path.write_text(f"{head}{start}{forks}\nfor step{mending}", encoding="utf-8")
    assert check_paths([path]).findings == []


def test_a_text_is_checked_from_python():
    """As `import glassloop` promises; in a process of its own, where no torch is loaded."""
    code = """
        import sys, glassloop
        text = open(sys.argv[1]).read()
        found = glassloop.check_source(text, "mine.py")
        assert [(f.rule, f.where.path, f.severity) for f in found] == [
            ("zero-grad-missing", "mine.py", glassloop.Severity.ERROR)], found
        assert glassloop.check_source(text, ignore=["zero-grad-missing"]) == []
        assert isinstance(found[0], glassloop.Finding)
        for wrong, kind in (("def f(:", SyntaxError), ("", ValueError)):
            try:
                glassloop.check_source(wrong, select=[] if wrong else ["no-such-rule"])
            except kind:
                continue
            raise AssertionError(wrong)
        assert "torch" not in sys.modules
    """
    case = Path(__file__).parent / "cases" / "zero-grad-missing" / "flat_bad.py"
    subprocess.run([sys.executable, "-c", textwrap.dedent(code), str(case)], check=True)
