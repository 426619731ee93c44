"""Exact duplicates inside the training data."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from glassloop.audit.evidence import Evidence
from glassloop.audit.report import Answer, named
from glassloop.audit.samples import Samples

SECTION = "data"
ASKS = "Is each training sample in the data once?"
WHY = (
    "A sample that is there twice weighs twice in each epoch; where its copies have different labels, one of them is wrong. "
    "Small tables repeat by themselves, so that copies alone are no fault."
)
CHANGE = "Whoever made the data says whether the copies are meant."


def check(evidence: Evidence) -> Answer:
    """Every training loader by itself."""
    facts: dict[str, Any] = {}
    copies = torn = seen = 0
    changing = [str(loader) for loader in evidence.training if (loader.number_of("changed") or 0) > 0]
    examples: list[list[int]] = []
    for loader in evidence.training:
        samples = evidence.samples[loader.key]
        groups = _groups(samples)
        disagree = [group for group in groups if len({samples.label.get(index) for index in group}) > 1]
        facts[str(loader)] = {"samples": len(samples), "equal_groups": len(groups), "with_different_labels": len(disagree)}
        seen = max(seen, len(samples))  # a later session sees the same again
        copies += sum(len(group) - 1 for group in groups)
        torn += len(disagree)
        examples += [group[:4] for group in (disagree or groups)[:3]]
    if not seen:
        return Answer("unknown", "no training sample was digested", facts, "Record with --data-digest full.")
    if not copies and changing:
        says = f"no two are equal, but {named(changing)} changes its samples as it hands them over (augmentation)"
        return Answer("unknown", says, facts, "A digest of the samples before augmentation.")
    if not copies:
        return Answer("holds", f"no two of the {seen:,} training samples that were seen are equal", facts)
    facts["examples"] = examples
    few = "; ".join(" = ".join(map(str, group)) for group in examples[:3])
    labels = f", {torn:,} of them under different labels" if torn else ""
    says = f"{copies:,} of {seen:,} training samples are exact copies of another{labels} (by index: {few})"
    return Answer("unknown", f"{says}; whether that is meant is not in the record", facts, CHANGE)


def _groups(samples: Samples) -> list[list[int]]:
    """Indices of equal samples, two or more in each."""
    places = defaultdict(list)
    for digest, index in zip(samples.digest, samples.index, strict=True):
        places[digest].append(index)
    return [group for group in places.values() if len(group) > 1]
