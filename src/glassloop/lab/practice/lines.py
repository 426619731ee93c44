"""Which line is wrong? From each rule's examples, the trainings of its experiment, and broken loops of the ladder."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from glassloop.check import check_paths
from glassloop.errors import UserError
from glassloop.lab.practice import scripts
from glassloop.lab.practice.question import Question, Verdict
from glassloop.lab.practice.stage import Shown, Stage
from glassloop.lab.trial import texts
from glassloop.rules import Rule, all_rules

ASK = (
    "One line of this script may be wrong: it does harm that shows nowhere else. Which? (Where a line is missing: the "
    "first that suffers from it.)"
)
EVERY = 4  # of the right examples, one in so many is asked, so that "nothing is wrong" can be the answer


@dataclass(frozen=True)
class LineQuestion(Question):
    """`files`: what is run, the text in `code` first. `first` is the number of its first line that is shown."""

    files: dict[str, str]
    argv: tuple[str, ...] = ()
    rule: str = ""  # the mistake that was put in; "" where there is none

    @property
    def kind(self) -> str:
        """line"""
        return "line"

    @property
    def form(self) -> str:
        """How an answer is written."""
        return "a line number, or 0 if nothing is wrong"

    def read(self, answer: str) -> int:
        """The line's number."""
        size = len(next(iter(self.files.values())).splitlines())
        if not answer.strip().isdecimal() or int(answer) > size:
            raise UserError(f"{answer!r} is no line of the script; answer with a number from 1 to {size}, or 0")
        return int(answer)

    def judge(self, answer: str, stage: Stage) -> Verdict:
        """Right where a finding of the run stands at that line, or names it in its story."""
        line = self.read(answer)
        shown = self._run(stage)
        findings = self._findings(shown)
        told = "; ".join(f"line {f['line']}: {f['rule']}: {f['message']}" for f in findings)
        lines = {f["line"] for f in findings} | {r["line"] for f in findings for r in f["related"]}
        evidence = {"findings": findings, "raised": shown.get("raised"), "warned": shown.get("warned")}
        if "broken" in shown:
            return Verdict(False, f"the script could not be judged: {shown['broken']}", evidence)
        if not findings:
            return Verdict(line == 0, "The run was heard to its end, and every rule stayed silent.", evidence)
        if line in lines:
            return Verdict(True, f"The run shows it at {told}", evidence)
        missed = "Something is wrong" if line == 0 else f"Line {line} does no harm"
        return Verdict(False, f"{missed}. The run shows at {told}", evidence)

    def solve(self, stage: Stage) -> str:
        """The line of the first finding."""
        return str(next((f["line"] for f in self._findings(self._run(stage))), 0))

    def miss(self, stage: Stage) -> str:
        """The first line, which imports something."""
        return "1"

    def _run(self, stage: Stage) -> Shown:
        return stage("watched", self.files, self.argv, self.rule)

    def _findings(self, shown: Shown) -> list[dict[str, Any]]:
        main = next(iter(self.files))
        return [f for f in shown.get("findings", ()) if f["path"] == main and f["severity"] != "info"]


def questions() -> Iterator[Question]:
    """From every rule there is, then from the ladder."""
    for number, rule in enumerate(all_rules()):
        text = scripts.unlabelled(rule.bad)
        level = 1 + (len(text.splitlines()) > 14) + (len(text.splitlines()) > 20)
        yield LineQuestion(f"line-{rule.name}", level, ASK, text, (rule.name,), {"script.py": text}, rule=rule.name)
        if number % EVERY == EVERY - 1:
            name, files = f"line-right-{number // EVERY + 1}", {"script.py": rule.good}
            yield LineQuestion(name, level + 1, ASK, rule.good, (rule.name,), files)
        yield from _from_lab(rule)
    for rung, part, action, rule_name, level in BREAKS:
        yield _broken(rung, part, action, rule_name, level)


def _from_lab(rule: Rule) -> Iterator[LineQuestion]:
    """The whole training of the rule's experiment with its mistake in it, if the reader finds that at one place."""
    if rule.experiment is None or rule.card.only_run:
        return
    _, wrong = texts(rule.experiment, rule.experiment.cases[0], rule.experiment.seeds[0])
    found = check_paths(["script.py"], given={"script.py": wrong.encode()}, select=[rule.name]).findings
    if len(found) == 1:
        yield LineQuestion(f"line-whole-{rule.name}", 3, ASK, wrong, (rule.name,), {"script.py": wrong}, rule=rule.name)


# (rung, part of the line, what happens to it, the rule that must see it, level). `after X` moves it behind the line with X.
BREAKS = (
    ("five_lines", "optimizer.zero_grad()", "drop", "zero-grad-missing", 3),
    ("five_lines", "optimizer.zero_grad()", "after loss.backward()", "zero-grad-between-backward-and-step", 3),
    ("validated", "loss.backward()", "drop", "backward-missing", 4),
    ("production", "grad_norm = nn.utils.clip", "after scaler.update()", "clip-after-step", 5),
    ("production", "scaler.unscale_(optimizer)", "drop", "clip-before-unscale", 5),
)


def _broken(rung: str, part: str, action: str, rule: str, level: int) -> LineQuestion:
    """A loop of the ladder with one line dropped or moved, without the comments, which would tell."""
    files = scripts.ladder(rung)
    text = scripts.without_comments(files["train.py"])
    lines = text.splitlines()
    line = lines.pop(scripts.line_of(text, part) - 1)
    if action.startswith("after "):
        at = scripts.line_of("\n".join(lines), action.removeprefix("after "))
        lines.insert(at, line)
    broken = "\n".join(lines) + "\n"
    argv = (*scripts.LADDER_ARGUMENTS, *(("--precision", "fp16") if rung == "production" else ()))
    return LineQuestion(f"line-{rung}-{rule}", level, ASK, broken, (rule,), files | {"train.py": broken}, argv, rule)
