"""What the lab can try, by name: the experiment of every rule, and what is told of loops without being a rule."""

from __future__ import annotations

from glassloop.experiments import Experiment
from glassloop.lab.classic import FOLKLORE
from glassloop.rules import all_rules


def experiments() -> dict[str, Experiment]:
    """Every experiment by its name: the rules' in the order of their names, then the rest of the classic table."""
    return {rule.name: rule.experiment for rule in all_rules() if rule.experiment is not None} | FOLKLORE
