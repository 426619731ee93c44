"""`glassloop check` and `explain` as a person meets them: output, exit codes, and one line for what cannot be read."""

import json

from glassloop.rules import all_rules

NEVER_CLEARED = next(rule.bad for rule in all_rules() if rule.name == "zero-grad-missing")
CLEARED = next(rule.good for rule in all_rules() if rule.name == "zero-grad-missing")


def test_a_mistake_is_told_with_both_places_and_the_remedy(command, write):
    write("train.py", NEVER_CLEARED)
    done = command("check", "train.py")
    assert done.returncode == 1
    first, story, backward, step, fix, summary = done.stdout.splitlines()
    assert first.startswith("train.py:11:")
    assert first.endswith("error zero-grad-missing")
    assert "line 10" in story
    assert backward.lstrip().startswith("10 | loss.backward()")
    assert step.startswith("  > 11 | ")
    assert "zero_grad()" in fix
    assert summary == "1 finding in 1 file"


def test_right_code_is_silent(command, write):
    write("train.py", CLEARED)
    done = command("check", "train.py")
    assert (done.returncode, done.stdout, done.stderr) == (0, "no findings in 1 file\n", "")


def test_json_and_selection(command, write):
    write("train.py", NEVER_CLEARED)
    found = json.loads(command("check", ".", "--format", "json").stdout)
    assert [finding["rule"] for finding in found] == ["zero-grad-missing"]
    keys = {"path", "line", "column", "end_line", "rule", "severity", "message", "related", "fix"}
    assert set(found[0]) == keys
    assert command("check", ".", "--ignore", "zero-grad-missing").returncode == 0
    assert command("check", ".", "--select", "step-missing").returncode == 0


def test_a_named_file_that_is_no_python_is_said_even_where_it_trains_nothing(command, write):
    write("broken.py", "def f(:\n")
    write("train.py", NEVER_CLEARED)
    done = command("check", "broken.py", "train.py")
    assert done.returncode == 2
    assert done.stderr == "error: broken.py: is not valid Python: invalid syntax (line 1)\n"
    assert "zero-grad-missing" in done.stdout  # the others are checked all the same
    assert done.stdout.endswith("1 finding in 1 file; 1 cannot be read\n")
    assert command("check", ".").returncode == 1  # in a folder it is passed over, as a linter of loops should


def test_a_training_file_in_a_folder_that_is_no_python_fails_the_check(command, write):
    write("train.py", NEVER_CLEARED + "def f(:\n")
    done = command("check", ".")
    assert done.returncode == 1
    assert "train.py: is not valid Python: invalid syntax" in done.stderr
    assert done.stdout == "no findings in 0 files; 1 cannot be read\n"


def test_the_remedy_is_said_once_and_everywhere(command, write):
    write("train.py", NEVER_CLEARED)
    said = command("check", "train.py").stdout
    assert "were never cleared" in said
    assert said.count("once for every step") == 1
    assert "once for every step" in command("check", "train.py", "--format", "github").stdout
    (result,) = json.loads(command("check", "train.py", "--format", "sarif").stdout)["runs"][0]["results"]
    assert "Call optimizer.zero_grad() once for every step" in result["message"]["text"]


def test_explain_without_a_name_lists_rules_and_events(command):
    said = command("explain").stdout
    assert all(f"  {rule.name} " in said for rule in all_rules())
    assert "\nEvents\n" in said
    assert "\n  zero-grad " in said


def test_wrong_usage_is_one_line(command):
    for words in (["check", "nowhere.py"], ["check"], ["check", ".", "--select", "nothing"], ["explain", "nothing"]):
        done = command(*words)
        assert done.returncode == 2
        assert done.stderr.startswith("error: ")
        assert len(done.stderr.splitlines()) == 1


def test_a_wrong_name_is_answered_with_the_right_one_and_its_place(command, write):
    write("train.py", CLEARED)
    for words in (
        ["check", ".", "--select", "zero-grad-mising"],
        ["explain", "zero-grad-mising"],
        ["lab", "zero-grad-mising"],
    ):
        said = command(*words).stderr
        assert "did you mean zero-grad-missing?" in said
        assert len(said.splitlines()) == 1
    write("pyproject.toml", '[tool.glassloop.per-file-ignores]\n"a.py" = ["zero-grad"]\n')
    done = command("check", ".")
    assert done.returncode == 2
    assert "pyproject.toml: [tool.glassloop]: no rule is called zero-grad; " in done.stderr
    assert "Value error" not in command("check", ".", "--format", "xml").stderr


def test_the_help_shows_its_brackets(command):
    said = command("check", "--help").stdout
    assert "[tool.glassloop] in" in said
    assert "ignore[rule]" in said


def test_every_rule_has_its_page(command):
    for rule in all_rules()[:2]:  # a process each; tests/test_check.py asks for all of them
        page = command("explain", rule.name).stdout
        assert all(title in page for title in ("What it is", "Why it hurts", "When it is intended", "How to mend it"))
        assert f"# reported: {rule.name}" in page  # where check speaks; the sign that our tests read is not the user's
        assert "# expect" not in page
