"""Every rule's own examples, read: BAD is found where it says, GOOD stays silent. tests/test_same_stream.py runs them."""

from __future__ import annotations

from pathlib import Path

import pytest

from glassloop.check import check_paths
from glassloop.rules import Rule, all_rules
from tests.cases import labels


@pytest.mark.parametrize("kind", ["bad", "good"])
@pytest.mark.parametrize("rule", all_rules(), ids=lambda rule: rule.name)
def test_example(rule: Rule, kind: str, tmp_path: Path):
    script = tmp_path / f"{kind}.py"
    script.write_text(getattr(rule, kind), encoding="utf-8")
    expected = labels.expected(script)
    assert {name for name, _ in expected} == ({rule.name} if kind == "bad" else set())
    select = [rule.name] if rule.card.asked else []
    expected = frozenset() if rule.card.only_run else expected
    assert {(f.rule, f.where.line) for f in check_paths([script], select=select).findings} == expected


@pytest.mark.parametrize("rule", all_rules(), ids=lambda rule: rule.name)
def test_card_says_all_there_is_to_say(rule: Rule):
    card = rule.card
    assert all(len(text) > 15 for text in (card.what, card.why, card.intended, card.fix))


def test_a_finding_names_both_lines_of_its_story(tmp_path: Path):
    """Where a rule's story has two lines, the message names the other one and the remedy."""
    for rule in (rule for rule in all_rules() if not rule.card.only_run):
        script = tmp_path / "bad.py"
        script.write_text(rule.bad, encoding="utf-8")
        (finding,) = check_paths([script], select=[rule.name]).findings
        assert finding.fix == rule.card.fix
        if finding.related:
            assert f"line {finding.related[0][0].line}" in finding.message
