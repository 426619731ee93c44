"""What a run is told in: a trace, one row of numbers an optimizer step, and the figures that sum it up.

Names of columns (one value a step, None where there was none):

- `loss`: what backward was called on, before any scale; `lr`: the rate that the step used (first group);
- `grad_norm`: the global norm of the gradients that the step read; `clip_before`, `clip_after`: that norm around the
  last clip since the step before; `update`: the norm of what the step did to the parameters;
- `moved`: how many parameter tensors changed; `eval_forwards`, `forwards`: of the forwards that recorded a graph since
  the step before, how many ran in evaluation mode; `graph`: bytes that graphs still keep for a backward after the step;
- `scale`: the scaler's scale, where there is one.
"""

from __future__ import annotations

import math
import statistics
from dataclasses import asdict, dataclass, field
from typing import Any

COLUMNS = (
    "loss", "lr", "grad_norm", "clip_before", "clip_after", "update", "moved", "eval_forwards", "forwards", "graph", "scale",
)  # fmt: skip
# What is shown side by side, where the arms have it: (figure, its words).
SHOWN = (
    ("val_accuracy", "accuracy on held-out data"),
    ("val_loss", "loss on held-out data"),
    ("loss_end", "training loss, last tenth"),
    ("steps", "optimizer steps"),
    ("update", "size of the update, median"),
    ("update_max", "size of the update, largest"),
    ("grad_norm", "gradient norm at the step, median"),
    ("grad_norm_last", "gradient norm at the step, last"),
    ("clip_before", "norm before the clip, median"),
    ("clip_after", "norm after the clip, median"),
    ("lr_first", "learning rate used, first"),
    ("lr_last", "learning rate used, last"),
    ("lr_values", "learning rates used, how many"),
    ("travelled", "parameter tensors that moved"),
    ("eval_share", "training forwards in evaluation mode"),
    ("graph_peak", "bytes kept by graphs, at most"),
    ("graph_eval", "of these by one evaluation forward"),
    ("graph_end", "bytes kept by graphs at the end"),
    ("scale", "scale of AMP, median"),
    ("reads", "values read out of tensors"),
    ("skipped", "steps that the scaler skipped"),
)

Numbers = list[float | None]


@dataclass
class Trace:
    """What was heard and measured in one run; plain data."""

    columns: dict[str, Numbers] = field(default_factory=lambda: {name: [] for name in COLUMNS})
    raised: str = ""  # "RuntimeError: ..." where the script ended so
    raised_line: int = 0
    stopped: bool = False  # by the bound on steps or forwards
    warned: list[str] = field(default_factory=list)  # "UserWarning: ...", each once
    final: dict[str, Any] = field(default_factory=dict)  # what the script printed behind the word `final`
    findings: list[dict[str, Any]] = field(default_factory=list)  # what watch found
    torch: str = ""  # its version
    weights: str = ""  # a digest of the optimizers' parameters at the end
    tensors: int = 0  # parameter tensors that optimizers hold
    travelled: int = 0  # of these, how many are not what they were when their optimizer was made
    distance: float = 0.0  # norm of the way from there to the end
    backwards: int = 0
    forwards: int = 0  # outermost ones that recorded a graph
    reads: int = 0  # values that the script's own lines read out of tensors: item(), float(), if loss > 1
    skipped: int = 0  # steps that a scaler was asked for and left out
    graph_peak: int = 0  # bytes, the most that graphs kept at one time
    graph_eval: int = 0  # bytes, the most that one forward in evaluation mode recorded
    graph_end: int = 0  # bytes that graphs keep when the script is over

    def as_json(self) -> dict[str, Any]:
        """All of it, as JSON wants it: no NaN, no infinity (None instead)."""
        return dict(finite(asdict(self)))


def figures(trace: Trace) -> dict[str, Any]:
    """The figures of one run, by name. A figure that the run does not have (no clip, no scaler) is None.

    `x` is the median over the steps, `x_first` and `x_last` are the first and the last. What the script printed as
    `final {...}` stands beside them, under its own names.
    """
    found: dict[str, Any] = {"steps": len(trace.columns["loss"])}
    for name in COLUMNS:
        values = [v for v in trace.columns[name] if v is not None]
        if name in ("eval_forwards", "forwards"):
            continue
        found[name] = statistics.median(values) if values else None
        found[f"{name}_first"], found[f"{name}_last"] = (values[0], values[-1]) if values else (None, None)
    rates = [v for v in trace.columns["lr"] if v is not None]
    found |= {"lr_min": min(rates, default=None), "lr_max": max(rates, default=None), "lr_values": len(set(rates))}
    updates = [v for v in trace.columns["update"] if v is not None]
    found["update_max"] = max(updates, default=None)
    found["loss_end"] = _mean_of_the_end(trace.columns["loss"])
    found["clipped"] = _share_clipped(trace)
    found["eval_share"] = _share_in_eval_mode(trace)
    for name in ("raised", "raised_line", "weights", "tensors", "travelled", "distance", "backwards", "skipped", "reads"):
        found[name] = getattr(trace, name)
    for name in ("graph_peak", "graph_eval", "graph_end"):
        found[name] = getattr(trace, name)
    found["warnings"] = len(trace.warned)
    return found | trace.final


def _mean_of_the_end(losses: Numbers) -> float | None:
    """Over the last tenth of the steps."""
    known = [loss for loss in losses if loss is not None]
    return statistics.fmean(known[-max(1, len(known) // 10) :]) if known else None


def _share_clipped(trace: Trace) -> float | None:
    """Of the steps with a clip, the share that it made smaller."""
    pairs = zip(trace.columns["clip_before"], trace.columns["clip_after"], strict=True)
    cut = [after < before * 0.999 for before, after in pairs if before is not None and after is not None]
    return sum(cut) / len(cut) if cut else None


def _share_in_eval_mode(trace: Trace) -> float | None:
    """Of the steps' forwards, the share in evaluation mode."""
    all_of_them = sum(v or 0 for v in trace.columns["forwards"])
    return sum(v or 0 for v in trace.columns["eval_forwards"]) / all_of_them if all_of_them else None


def finite(value: Any) -> Any:
    """The value as JSON can say it: what is no finite number becomes None."""
    if isinstance(value, dict):
        return {k: finite(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [finite(v) for v in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
