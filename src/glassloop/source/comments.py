"""`# glassloop: ignore[rule, ...]`: what sets findings of a line aside, and whether it did."""

from __future__ import annotations

import io
import re
import tokenize
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from glassloop.findings import Finding, Severity, Where
from glassloop.rules import Rule, all_rules

UNUSED = "unused-suppression"  # what such a finding is called; no rule of a loop, so no file in rules/
SUPPRESS = re.compile(r"#\s*glassloop:\s*ignore(?:\[([\w\s,-]*)\])?")


@dataclass
class Comment:
    """One comment. `rules`: those it names, None for all; `used`: those whose findings it set aside."""

    line: int
    column: int
    rules: tuple[str, ...] | None
    used: set[str]

    def sets_aside(self, rule: str) -> bool:
        """Whether it speaks of a rule; notes that it did."""
        if self.rules is not None and rule not in self.rules:
            return False
        self.used.add(rule)
        return True


def comments_of(source: str) -> list[Comment]:
    """The comments of a text, in order. A string that looks like one is none."""
    if "glassloop:" not in source:
        return []
    found: list[Comment] = []
    try:
        for token in tokenize.generate_tokens(io.StringIO(source).readline):
            match = SUPPRESS.search(token.string) if token.type == tokenize.COMMENT else None
            if match:
                names = match.group(1)
                rules = None if names is None else tuple(n.strip() for n in names.split(",") if n.strip())
                line, column = token.start
                found.append(Comment(line, column + match.start() + 1, rules, set()))
    except (tokenize.TokenError, SyntaxError):
        pass  # the tree was made from it, so this is the tokenizer's own limit
    return found


def unused_comments(path: str, comments: Iterable[Comment], rules: Iterable[Rule]) -> Iterator[Finding]:
    """A finding for each name that set nothing aside although its rule was heard, or that names no rule at all."""
    heard, known = {rule.name for rule in rules}, {rule.name for rule in all_rules()}
    for comment in comments:
        where = Where(path, comment.line, comment.column)
        for name in comment.rules or ():
            if name not in known:
                yield _unused(where, f"no rule is called {name}")
            elif name in heard and name not in comment.used:
                yield _unused(where, f"this comment sets {name} aside, which finds nothing here")
        if comment.rules is None and not comment.used and heard == known:
            yield _unused(where, "this comment sets every rule aside, and none finds anything here")


def _unused(where: Where, says: str) -> Finding:
    return Finding(where, UNUSED, Severity.INFO, says, fix="Remove it, or name the rule that it is for.")
