"""Practice: predict, then run. Questions made from the rules and the ladder; what decides about an answer is a run.

    questions = all_questions()
    verdict = questions[0].judge("11", Stage())

Importing this package, and making the questions, loads no torch: runs happen in processes of their own.
"""

from __future__ import annotations

import difflib

from glassloop.errors import UserError
from glassloop.lab.practice import lines, orders, predictions, wiring
from glassloop.lab.practice.question import KINDS, Question, Verdict
from glassloop.lab.practice.stage import Stage

__all__ = ["KINDS", "Question", "Stage", "Verdict", "all_questions", "by_id"]


def all_questions() -> list[Question]:
    """Every question, easy ones first, kinds mixed."""
    questions: list[Question] = []
    for kind in (lines, predictions, orders, wiring):
        questions += kind.questions()
    position: dict[tuple[int, str], int] = {}
    keys = []
    for question in questions:  # within a level, take turns: the first of each kind, then the second of each
        turn = position[question.level, question.kind] = position.get((question.level, question.kind), -1) + 1
        keys.append((question.level, turn, KINDS.index(question.kind)))
    return [question for _, question in sorted(zip(keys, questions, strict=True), key=lambda pair: pair[0])]


def by_id(name: str) -> Question:
    """The question called `name`. Raises UserError where there is none."""
    known = {question.id: question for question in all_questions()}
    if name not in known:
        near = difflib.get_close_matches(name, known, n=1)
        hint = f"did you mean {near[0]}?" if near else "`glassloop practice --list` shows all"
        raise UserError(f"no question is called {name}; {hint}")
    return known[name]
