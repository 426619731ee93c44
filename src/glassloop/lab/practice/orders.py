"""Order these lines. Every order is right whose run ends in the right loop's weights with no finding."""

from __future__ import annotations

import ast
import random
import re
import string
from collections.abc import Iterator
from dataclasses import dataclass

from glassloop.errors import UserError
from glassloop.lab.practice import scripts
from glassloop.lab.practice.question import Question, Verdict
from glassloop.lab.practice.stage import Shown, Stage
from glassloop.rules import all_rules

ASK = "Put the lines marked ? in an order that trains rightly. Several orders may be right: the run decides."


@dataclass(frozen=True)
class OrderQuestion(Question):
    """`pieces`: the statements, shuffled; they belong into lines `first` to `last` of the first of `files`."""

    files: dict[str, str]
    pieces: tuple[str, ...]
    right: tuple[int, ...]  # an order that is right, as positions in pieces
    first: int
    last: int
    argv: tuple[str, ...] = ()

    @property
    def kind(self) -> str:
        """order"""
        return "order"

    @property
    def form(self) -> str:
        """How an answer is written."""
        return f"the letters in order, such as {' '.join(string.ascii_lowercase[: len(self.pieces)])}"

    @property
    def choices(self) -> tuple[tuple[str, str], ...]:
        """Each piece with its letter."""
        return tuple(zip(string.ascii_lowercase, map(_flush_left, self.pieces), strict=False))

    def read(self, answer: str) -> tuple[int, ...]:
        """The positions of the pieces, in the answer's order."""
        letters = re.sub(r"[\s,>-]+", "", answer.lower())
        wanted = string.ascii_lowercase[: len(self.pieces)]
        if sorted(letters) != list(wanted):
            raise UserError(f"{answer!r} is no order of {' '.join(wanted)}; give each letter once")
        return tuple(wanted.index(letter) for letter in letters)

    def judge(self, answer: str, stage: Stage) -> Verdict:
        """Runs the right order and the answer's."""
        order = self.read(answer)
        theirs, ours = self._run(stage, order), self._run(stage, self.right)
        evidence = {"run": _brief(theirs), "right": _brief(ours), "right_order": self._letters(self.right)}
        why = difference(theirs, ours)
        if why:
            return Verdict(False, why, evidence)
        which = "The order of the original" if order == self.right else "Another order than the original's"
        return Verdict(True, f"{which}: {theirs['steps']} steps, no finding, the same final weights bit for bit.", evidence)

    def solve(self, stage: Stage) -> str:
        """The order that the lines were taken from."""
        return self._letters(self.right)

    def miss(self, stage: Stage) -> str:
        """The right order turned round: what is used before it is made raises."""
        return self._letters(self.right[::-1])

    def _letters(self, order: tuple[int, ...]) -> str:
        return " ".join(string.ascii_lowercase[position] for position in order)

    def _run(self, stage: Stage, order: tuple[int, ...]) -> Shown:
        main, text = next(iter(self.files.items()))
        ordered = scripts.replaced(text, self.first, self.last, [self.pieces[position] for position in order])
        return stage("watched", self.files | {main: ordered}, self.argv)


def difference(theirs: Shown, ours: Shown) -> str:
    """Why a run is not the right one, or ""."""
    if "broken" in theirs:
        return f"With this order {theirs['broken']}."
    if theirs["raised"]:
        return f"With this order the script raises {theirs['raised']['type']}: {theirs['raised']['message']}"
    told = [f for f in theirs["findings"] if f["rule"] not in {g["rule"] for g in ours["findings"]}]
    if told:
        return f"With this order the run shows {told[0]['rule']}: {told[0]['message']}"
    if theirs["digest"] != ours["digest"]:
        return f"It runs without a complaint, and ends in other weights than the right order after {theirs['steps']} steps."
    return ""


def _brief(shown: Shown) -> Shown:
    return {key: shown.get(key) for key in ("broken", "raised", "findings", "steps", "digest") if shown.get(key)}


def questions() -> Iterator[Question]:
    """From every rule's right example (once for each different block), and from the ladder."""
    seen: set[tuple[str, ...]] = set()
    for rule in all_rules():
        block = scripts.longest_block(rule.good)
        if block and tuple(block[1]) not in seen:
            seen.add(tuple(block[1]))
            files = {"script.py": scripts.without_comments(rule.good)}
            yield make(f"order-{rule.name}", 2 + (len(block[0]) > 5), files, block[0], (rule.name,))
    for rung, start, end, level, argv in LADDER:
        files = scripts.ladder(rung)
        text = files["train.py"] = scripts.without_comments(files["train.py"])
        first, last = scripts.line_of(text, start), scripts.line_of(text, end)
        inside = [s for body in _bodies(text) for s in body if first <= s.lineno <= last]
        statements = [s for s in inside if s.col_offset == min(i.col_offset for i in inside)]
        about = ("zero-grad", "backward", "step") if level < 5 else ("unscale", "clip", "scaler-update")
        yield make(f"order-{rung}", level, files, statements, about, (*scripts.LADDER_ARGUMENTS, *argv))


# (rung, the first line, the last, level, arguments)
LADDER = (
    ("five_lines", "batch = data.to_device", "optimizer.step()", 3, ()),
    ("production", "scaler.unscale_(optimizer)", "skipped = scaler.get_scale()", 5, ("--precision", "fp16")),
)


def make(
    name: str, level: int, files: dict[str, str], block: list[ast.stmt], about: tuple[str, ...], argv: tuple[str, ...] = ()
) -> OrderQuestion:
    """The question of the statements of `block`, which stand one after the other in the first of `files`."""
    text = next(iter(files.values()))
    lines = text.splitlines()
    texts = ["\n".join(lines[s.lineno - 1 : s.end_lineno]) for s in block]
    places = list(range(len(texts)))
    shuffled = random.Random(name)  # the same question tomorrow
    while places == sorted(places):
        shuffled.shuffle(places)
    first, last = block[0].lineno, block[-1].end_lineno or block[-1].lineno
    gap = [re.match(r"\s*", texts[0])[0] + "?"] * len(texts)  # type: ignore[index]
    right = tuple(places.index(position) for position in range(len(texts)))
    code = scripts.replaced(text, first, last, gap)
    return OrderQuestion(name, level, ASK, code, about, files, tuple(texts[p] for p in places), right, first, last, argv)


def _bodies(text: str) -> Iterator[list[ast.stmt]]:
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.For, ast.With)):
            yield node.body


def _flush_left(piece: str) -> str:
    lines = piece.splitlines()
    margin = len(lines[0]) - len(lines[0].lstrip())
    return "\n".join(line[margin:] for line in lines)
