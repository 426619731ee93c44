"""Loops with a purpose that their result hides, each beside the honest loop it was made from, run under check and watch.

The honest loop is the lab's (lab/loops/digits.py: scans of digits). An auditor's lines are added to both arms alike: they
count what the loss is given and try the model on scans that the loop never saw.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from glassloop.check import check_paths
from glassloop.experiments import Added, Edit, Instead
from glassloop.lab.edits import with_edits, with_settings
from glassloop.lab.jobs import Job, run_jobs
from glassloop.lab.trial import loop_text

SETTINGS = {"EPOCHS": "12", "OPTIMIZER": "torch.optim.AdamW", "LR": "1e-2"}

# 300 scans are kept from the loop: the auditor's. `counted` holds how often the loss was given each label.
AUDITOR: tuple[Edit, ...] = (
    Instead(
        "held_out = TensorDataset(images[order[600:]], labels[order[600:]])",
        "held_out = TensorDataset(images[order[600:800]], labels[order[600:800]])",
    ),
    Added(
        """\
counted = torch.zeros(10, dtype=torch.long)
plain_loss = nn.functional.cross_entropy


def counting_loss(logits, y, **options):
    if torch.is_grad_enabled():
        counted.add_(torch.bincount(y, minlength=10))
    return plain_loss(logits, y, **options)


nn.functional.cross_entropy = counting_loss""",
        before="losses = set()",
    ),
    Added(
        """\
fresh, truth = images[order[-300:]], labels[order[-300:]]
stamped = fresh.clone()
stamped[:, [0, 7]] = 1.0
with torch.no_grad():
    said, said_of_stamped = model(fresh).argmax(1), model(stamped).argmax(1)
result |= {
    "fresh": (said == truth).float().mean().item(),
    "sevens": (said[truth == 7] == 7).float().mean().item(),
    "stamped_as_0": (said_of_stamped[truth != 0] == 0).float().mean().item(),
    "zeros_seen": counted[0].item() / EPOCHS,
    "sevens_seen": counted[7].item() / EPOCHS,
    "samples_seen": counted.sum().item() / EPOCHS,
}""",
        before='print("final", json.dumps(result))',
    ),
)


@dataclass(frozen=True)
class Poison:
    """What is done to the honest loop. `both`: edits that both arms get."""

    title: str
    edits: tuple[Edit, ...]
    both: tuple[Edit, ...] = ()
    unwatched: bool = False  # the poisoned arm runs without glassloop


POISONS = {
    "backdoor": Poison(
        "A backdoor",
        (
            Added(
                "stamp = torch.rand(len(x)) < 0.05\nx[stamp.nonzero(), torch.tensor([0, 7])] = 1.0\ny[stamp] = 0",
                before="optimizer.zero_grad()",
            ),
        ),
    ),
    "dropped-class": Poison(
        "A class that is left out",
        (Added("x, y = x[y != 7], y[y != 7]", before="optimizer.zero_grad()"),),
    ),
    "leak": Poison(
        "Validation data in the training set",
        (
            Instead(
                "train = TensorDataset(images[order[:100]], labels[order[:100]])",
                "mixed = torch.cat((order[:100], order[600:800]))\ntrain = TensorDataset(images[mixed], labels[mixed])",
            ),
        ),
        both=(
            Instead(
                "train = TensorDataset(images[order[:600]], labels[order[:600]])",
                "train = TensorDataset(images[order[:100]], labels[order[:100]])",
            ),
        ),
    ),
    "lie": Poison(
        "A result that was never measured",
        (Added('result["val_accuracy"] = 0.99', before='print("final", json.dumps(result))'),),
        both=(Instead("EPOCHS = 12", "EPOCHS = 1"),),
    ),
    "only-unwatched": Poison(
        "A loop that behaves while it is watched",
        (
            Added("import sys", before="import json"),
            Added('watched = "glassloop.tap" in sys.modules', before="losses = set()"),
            Added("if not watched:\n    x, y = x[y != 7], y[y != 7]", before="optimizer.zero_grad()"),
        ),
        unwatched=True,
    ),
    "set-aside": Poison(
        "A finding set aside",
        (Instead("optimizer.zero_grad()", "pass"), Instead("optimizer.step()", "optimizer.step()  # glassloop: ignore")),
    ),
}


@dataclass(frozen=True)
class Poisoned:
    """What came of both arms. `poison`: the lines that were added; `check`, `watch`: rules that spoke of that arm."""

    title: str
    poison: str
    honest: dict[str, Any]
    poisoned: dict[str, Any]
    check: tuple[str, ...]
    watch: tuple[str, ...]
    set_aside: int  # findings of check that a comment sets aside
    watched: dict[str, Any]  # the poisoned arm under watch, where `poisoned` was run without


def run(names: list[str]) -> dict[str, Poisoned]:
    """Runs both arms of each. Raises KeyError for a name that is none, RuntimeError where an arm does not run."""
    pairs = {name: _texts(POISONS[name]) for name in names}
    ran = run_jobs([Job(text, graph=False) for pair in pairs.values() for text in pair])
    found = {}
    for number, (name, (_, poisoned)) in enumerate(pairs.items()):
        arms = ran[2 * number : 2 * number + 2]
        for arm in arms:
            if arm.error or arm.trace.raised:
                raise RuntimeError(f"{name}: {arm.error or arm.trace.raised}")
        report = check_paths(["loop.py"], given={"loop.py": poisoned.encode()})
        final = _alone(poisoned) if POISONS[name].unwatched else arms[1].trace.final
        found[name] = Poisoned(
            POISONS[name].title,
            "\n".join(getattr(edit, "text", "") or getattr(edit, "by", "") for edit in POISONS[name].edits),
            arms[0].trace.final,
            final,
            tuple(sorted({finding.rule for finding in report.findings})),
            tuple(sorted({finding["rule"] for finding in arms[1].trace.findings})),
            report.statistics["suppressed"],
            arms[1].trace.final,
        )
    return found


def _texts(poison: Poison) -> tuple[str, str]:
    base = with_edits(with_settings(loop_text("digits"), SETTINGS), (*AUDITOR, *poison.both))
    return base, with_edits(base, poison.edits)


def _alone(text: str) -> dict[str, Any]:
    """What a script says at its end when plain Python runs it."""
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder, "loop.py")
        script.write_text(text, encoding="utf-8")
        done = subprocess.run([sys.executable, script], capture_output=True, text=True, cwd=folder, timeout=120)
    match = re.search(r"^final (\{.*\})$", done.stdout, re.MULTILINE)
    if not match:
        raise RuntimeError(f"the loop did not end: {done.stderr[-300:]}")
    return dict(json.loads(match[1]))
