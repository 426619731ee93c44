"""audit: what somebody who did not train the model can say from its run folder, and what nobody can.

    report = glassloop.audit.audit(Path("runs/train-001"))
    report["validation-apart"].answer.verdict      # "holds", "fails" or "unknown"

Reads the folder, which may be a stranger's; runs nothing of it, and loads no torch.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

from glassloop.audit import checks
from glassloop.audit.evidence import Evidence
from glassloop.audit.report import Answer, Check, Report
from glassloop.errors import UserError

# What stays open however good a record is.
LIMITS = (
    "That the data was good: who collected and labelled it, whether it is what it is said to be, whether it was allowed.",
    "That this run was not picked: others, with other seeds or settings, may have been made and thrown away. A nonce that "
    "somebody else gave before the training began bounds when it began, not how often.",
    "That nothing was seen before: weights, tokenizers, statistics that came from elsewhere may know the validation data.",
    "Who held the key: a signature says that a key signed, and that the folder has not changed since. Without a signature, "
    "who could write to the folder could write all of it anew.",
    "What the machine did besides: the record says what this program's PyTorch was told, and the recorder ran in that "
    "program. Running it again elsewhere (`glassloop replay`) is the test of that.",
    "Near copies: digests tell exact copies alone. A picture that was cropped or saved again has another digest.",
)  # fmt: skip


@cache
def all_checks() -> tuple[tuple[str, ModuleType], ...]:
    """Every check by name, as a report shows them."""
    names = [found.name for found in pkgutil.iter_modules(checks.__path__) if not found.name.startswith("_")]
    modules = [(name.replace("_", "-"), importlib.import_module(f"{checks.__name__}.{name}")) for name in names]
    return tuple(sorted(modules, key=lambda pair: (checks.SECTIONS.index(pair[1].SECTION), pair[0])))


def audit(
    folder: Path, replay: Mapping[str, Any] | None = None, gradients: Mapping[str, Any] | None = None
) -> Report:
    """Ask every question of the run in `folder`. `replay`: what running it again found, where that has been done;
    `gradients`: what computing one again did (audit.gradients).

    Raises UserError where `folder` is no run folder; a part of it that cannot be read makes its questions unanswerable.
    """
    evidence = Evidence(folder, replay, gradients)
    about = _about(evidence)
    found = (Check(name, made.SECTION, made.ASKS, made.WHY, _answer(made, evidence)) for name, made in all_checks())
    return Report(folder.resolve().name, about, tuple(found), LIMITS)


def _answer(check: ModuleType, evidence: Evidence) -> Answer:
    try:
        answer: Answer = check.check(evidence)
    except UserError as error:
        return Answer("unknown", str(error), {}, "A record that can be read.")
    except (ArithmeticError, AttributeError, LookupError, OSError, RecursionError, TypeError, ValueError) as error:
        # A field that is not what the format says, in a folder that anybody may have written.
        return Answer("unknown", f"the record holds what it should not ({type(error).__name__}: {str(error)[:200]})")
    return answer


def _about(evidence: Evidence) -> dict[str, Any]:
    run = evidence.run
    command = run.get("command")
    words = " ".join(map(str, command)) if isinstance(command, list) else None
    environment = run.get("environment")
    torch = environment.get("torch") if isinstance(environment, dict) else None
    version = torch.get("version") if isinstance(torch, dict) else None
    facts = {name: run.get(name) for name in ("started", "status", "exit_code", "seed", "final")}
    return {"command": words, **facts, "torch": version}


__all__ = ["LIMITS", "Answer", "Check", "Report", "all_checks", "audit"]
