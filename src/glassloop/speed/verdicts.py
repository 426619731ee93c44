"""Which popular figure holds here, and why: for each technique a sentence, from the table's own numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from glassloop.speed.catalogue import BEST, TASKS, TECHNIQUES, TUNED
from glassloop.speed.figures import over_tasks

NEAR = 0.1  # a figure holds where it is met within a tenth
NOT_MEASURED = "not measured on a GPU: none is here. The popular figures are for one, and stand beside as what is said"

BF16 = {True: "with bf16 instructions", False: "without bf16 instructions", None: "bf16 instructions not known"}

WHY = {
    "accumulation": "it takes three of four optimizer steps away, so it is quicker by what those cost, most for a small"
    " network; and it is another training: the effective batch is 128",
    "amp": "bf16 pays where large products are most of a step and the processor has instructions for it; small layers pay"
    " for the casts instead. Its losses are near those of fp32, not the same",
    "loader": "workers load on other cores, and each batch costs processor time to hand over: by the clock it pays where"
    " cores are free and loading is work (files to decode), not where four workers share two cores with the step. Pinning is"
    " for copies to a GPU: without one nothing is pinned",
    "clipping": "it adds a norm and a product to each step and takes nothing away: it is there for stability",
    "together": "the single gains do not multiply: each shortens another part of a step, and some lengthen it",
    TUNED: "batches by indexing, an optimizer that is one kernel, and no waiting for the loss: the same arithmetic, with"
    " losses equal to rounding; files decoded at a lower scale (draft) differ by about one level of 255",
    BEST: "what a trial on this machine chose: see each task. The same arithmetic to rounding, on the same samples",
}


def verdicts(found: Mapping[str, Any]) -> Iterator[str]:
    """A line for each technique that was measured against the standard loop."""
    for name, why in WHY.items():
        rows = {task: each["rows"][name] for task, each in found["tasks"].items() if "ratio" in each["rows"].get(name, {})}
        if rows:
            yield f"{TECHNIQUES[name].title}: {_said(name, rows, found)}. Why: {why}."


def _said(name: str, rows: Mapping[str, Any], found: Mapping[str, Any]) -> str:
    ratios = [row["ratio"] for row in rows.values()]
    here = f"here {min(ratios):.2f} to {max(ratios):.2f}" if len(ratios) > 1 else f"here {ratios[0]:.2f}"
    speed, memory = TECHNIQUES[name].speed, TECHNIQUES[name].memory
    mean = over_tasks(found["tasks"], name)
    middle = f", geometric mean {mean['geometric_mean']:.2f}" if mean and len(ratios) > 1 else ""
    if speed is None:
        return here + middle
    met = [task for task, row in rows.items() if abs(row["ratio"] / speed - 1) <= NEAR]
    holds = f"holds within a tenth for {', '.join(met)}" if met else "holds for none"
    less = ""
    shares = [row["memory_ratio"] for row in rows.values() if row.get("memory_ratio")]
    if memory is not None and shares:
        less = f"; memory {memory - 1:+.0%} is said, here {min(shares) - 1:+.0%} to {max(shares) - 1:+.0%}"
    return f"{speed} times the speed is said of a GPU, {here}{middle}: {holds}{less}"


def conditions(found: Mapping[str, Any]) -> str:
    """What the figures hold for, in a sentence."""
    c = found["conditions"]
    hardware = c["machine"]["hardware"]
    busy = "" if max(c["load"]) <= c["cores"] else f"; the machine was busy (load {max(c['load']):.1f}): CPU time says more"
    parts = (
        f"{hardware['cpu']}, {hardware['cores_allowed']} cores",
        f"torch {c['machine']['torch']['version']} on {c['device']}",
        BF16[c["machine"].get("bf16_instructions")],
        f"as many threads in each row of a task ({_threads(found)})",
        f"batch {c['batch']}",
        f"{c['blocks']} shuffled blocks",
        f"a run of {c['epochs']} epochs with its set-up{busy}",
    )
    notes = ["; with --quick: a look, no measurement" if c.get("quick") else "", f"; {c['note']}" if c.get("note") else ""]
    return ", ".join(parts) + "".join(notes)


def _threads(found: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {each['settings']['threads']}" for name, each in found["tasks"].items())


def tasks_in(found: Mapping[str, Any]) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """Name, description and figures of each task that was measured."""
    for name, each in found["tasks"].items():
        yield name, TASKS[name].does, each
