"""The lesson's longer listings: checkpoints, its production function, Lightning (l08, l13, l14), and c77, c78."""

from __future__ import annotations

import functools
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

from glassloop.lab.claims import Figure, Here, Outcome, claim
from glassloop.lab.claims.scripts import Ran, play, text_of


def _raised(work: Callable[[], object]) -> str:
    """The name of what `work` raises, "" where it raises nothing."""
    try:
        work()
    except Exception as error:
        return type(error).__name__
    return ""


AMP = ("from torch.cuda.amp", "from torch.amp")


def _train(ran: Ran, epochs: int = 3, folder: str = "run", **settings: Any) -> Any:
    """Call the listing's train on a model, optimizer and scheduler of its own, all from one seed."""
    import torch

    n = ran.names
    if "evaluate" not in settings:
        n["evaluate"] = play("lesson_evaluate_mended").names["evaluate"]
    settings.pop("evaluate", None)
    torch.manual_seed(0)
    n["model"] = n["MLP"]()
    optimizer = torch.optim.AdamW(n["model"].parameters(), lr=1e-2)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=3)
    given = {"device": n["device"], "epochs": epochs, "folder": folder, **settings}
    return n["train"](n["model"], n["train_loader"], n["val_loader"], optimizer, scheduler, **given)


@claim(
    "l08",
    says="The checkpoint functions save and load",
    source="the lesson",
    published={
        "a Python float as validation loss": True,
        "a NumPy float as validation loss": False,
        "latest.pt and best.pt of its own loop": False,
        "mended: a NumPy float": True,
        "mended: latest.pt and best.pt": True,
    },
    because="""
    They run together. A NumPy validation loss raises {numpy} at the load (c57), and both files that the
    lesson's own loop writes raise {own} (c58). Mended the value becomes a float, and the loop saves by the same
    function.
    """,
)
def checkpoints(here: Here) -> Outcome:
    """Load what the functions saved, with a NumPy value, and what the loop saved."""
    import numpy as np

    def with_numpy(n: dict[str, Any]) -> str:
        n["save_checkpoint"](n["model"], n["optimizer"], 1, np.mean([0.5]), "numpy.pt")
        return _raised(lambda: n["load_checkpoint"](n["model"], n["optimizer"], "numpy.pt"))

    ran, mended = play("lesson_checkpoint"), play("lesson_checkpoint_mended")
    _train(play("lesson_train", replace=AMP), 2, "run")
    n, m = ran.names, mended.names
    own = set()
    for name in ("latest.pt", "best.pt"):
        own.add(_raised(functools.partial(n["load_checkpoint"], n["model"], n["optimizer"], f"run/{name}")))
    numpy = with_numpy(n)
    best = m["load_checkpoint"](m["model"], m["optimizer"], "best.pt")
    return Outcome(
        cases={
            "a Python float as validation loss": n["loaded"] == (3, 0.5),
            "a NumPy float as validation loss": not numpy,
            "latest.pt and best.pt of its own loop": own == {""},
            "mended: a NumPy float": not with_numpy(m),
            "mended: latest.pt and best.pt": m["loaded"] == (2, 0.8) and best == (1, 0.7),
        },
        figures={"numpy": numpy, "own": ", ".join(sorted(own))},
    )


@claim(
    "l13",
    says="The production function trains, records and can go on",
    source="the lesson",
    published={
        "as printed": False,
        "as printed, use_amp=False": False,
        "with torch.amp": True,
        "with torch.amp, evaluate not given": False,
        "with torch.amp, device='cpu' as a string": False,
        "with torch.amp: the history has the rates used": False,
        "with torch.amp: the checkpoint has scheduler, scaler and random state": False,
        "with torch.amp: use_amp=True on a CPU is float16 with a scaler": False,
        "mended: runs, device='cpu' too": True,
        "mended: the history has the rates used": True,
        "mended: stopped after 2 epochs and gone on, the same weights": True,
    },
    because="""
    As printed it raises {printed}, with use_amp=False as well ({off}). With torch.amp it runs, but: without
    evaluate {missing}; device='cpu' raises {string}; the history holds {recorded}, where 0.01, 0.0075 and
    0.0025 were used; latest.pt has {keys} alone; on a CPU use_amp=True means {dtype} and no scaler. It has no
    way to go on (c60) and writes its history at the end (c61). Mended it does all of this; stopped and gone on,
    the weights are the same bits.
    """,
)
def production_train(here: Here) -> Outcome:
    """The function as printed, with torch.amp, and mended, on a small model; here on a CPU."""
    import torch

    printed = _raised(lambda: _train(play("lesson_train")))
    off = _raised(lambda: _train(play("lesson_train"), use_amp=False))
    ran = play("lesson_train", replace=AMP)
    missing = _raised(lambda: _train(play("lesson_train", replace=AMP), evaluate=None))
    string = _raised(lambda: _train(ran, device="cpu"))
    history = _train(ran, use_amp=False)
    keys = torch.load("run/latest.pt").keys()
    dtypes: list[str] = []
    plain = ran.names["MLP"]

    class Watched(plain):  # type: ignore[misc, valid-type]
        """Notes the type of its output."""

        def forward(self, x: Any) -> Any:
            out = super().forward(x)
            dtypes.append(str(out.dtype).removeprefix("torch."))
            return out

    ran.names["MLP"] = Watched
    _train(ran, 1, "amp")

    mended = play("lesson_train_mended")
    whole_history = _train(mended, 3, "whole", device="cpu")
    whole = mended.names["model"].state_dict()
    _train(mended, 2, "stopped", device="cpu")
    _train(mended, 3, "stopped", device="cpu")
    again = mended.names["model"].state_dict()
    used = [0.01, 0.0075, 0.0025]
    figures: dict[str, Figure] = {"printed": printed, "off": off, "missing": missing, "string": string, "dtype": dtypes[0]}
    figures["recorded"] = ", ".join(f"{row['lr']:.4g}" for row in history)
    figures["keys"] = ", ".join(keys)
    return Outcome(
        cases={
            "as printed": not printed,
            "as printed, use_amp=False": not off,
            "with torch.amp": len(history) == 3,
            "with torch.amp, evaluate not given": not missing,
            "with torch.amp, device='cpu' as a string": not string,
            "with torch.amp: the history has the rates used": _close([row["lr"] for row in history], used),
            "with torch.amp: the checkpoint has scheduler, scaler and random state": len(keys) >= 6,
            "with torch.amp: use_amp=True on a CPU is float16 with a scaler": dtypes[0] == "float16",
            "mended: runs, device='cpu' too": len(whole_history) == 3,
            "mended: the history has the rates used": _close([row["lr"] for row in whole_history], used),
            "mended: stopped after 2 epochs and gone on, the same weights": all(
                torch.equal(whole[name], again[name]) for name in whole
            ),
        },
        figures=figures,
    )


def _close(one: list[float], other: list[float]) -> bool:
    return len(one) == len(other) and all(abs(a - b) < 1e-9 for a, b in zip(one, other, strict=True))


def _lines(name: str) -> int:
    """Lines of a listing that are not blank, without its docstring."""
    return sum(bool(line.strip()) for line in text_of(name).splitlines()[1:])


def _fitted(name: str) -> dict[str, Any]:
    """The names that a Lightning listing leaves after its run, which must not fail."""
    ran = play(name)
    if ran.error:
        raise RuntimeError(f"{name} raised {ran.error}")
    return ran.names


@claim(
    "l14",
    says="The Lightning listing runs",
    source="the lesson",
    published={"with import torch and nn added": True, "mended: 32-bit where there is no GPU": True},
    because="""
    It runs with Lightning {version}; on a CPU its 16-bit setting became {precision} (c78). Mended it asks for
    16 bits on a GPU only, and does what the long form does (c77).
    """,
    needs=("lightning",),
    full=True,
)
def lightning_runs(here: Here) -> Outcome:
    """Both forms, three epochs on the given data."""
    n, m = _fitted("lesson_lightning"), _fitted("lesson_lightning_mended")
    precision = n["trainer"].precision
    return Outcome(
        cases={
            "with import torch and nn added": n["trainer"].current_epoch == 3,
            "mended: 32-bit where there is no GPU": m["trainer"].precision == ("16-mixed" if here.cuda else "32-true"),
        },
        figures={"version": version("lightning"), "precision": precision},
    )


@claim(
    "c77",
    says="Lightning's 30 lines replace the 80 of the long form",
    source="the lesson",
    published={
        "fewer lines": True,
        "steps a schedule": False,
        "clips the gradients": False,
        "keeps the best model by validation": False,
        "leaves the losses in a file": True,
        "fewer lines, with those that ask for all of it": True,
    },
    because="""
    Our versions have {short} and {long} lines that are not blank, but the short one does less: no schedule, no
    clipping, and {kept} is kept, the last epoch, not the best by validation. The losses are in its default
    logger's {file}. With the lines that ask for the rest there are {asked}: still fewer.
    """,
    needs=("lightning",),
    full=True,
)
def lightning_replaces(here: Here) -> Outcome:
    """Lines of the listings, and what a run of the short form left, against one that asks for the same duties."""
    n, m = _fitted("lesson_lightning"), _fitted("lesson_lightning_mended")
    trainer, asked = n["trainer"], m["trainer"]
    long = _lines("lesson_train") + _lines("lesson_evaluate")
    short, longer = _lines("lesson_lightning"), _lines("lesson_lightning_mended")
    logs = Path(trainer.log_dir or ".")
    does = {
        "steps a schedule": bool(trainer.lr_scheduler_configs),
        "clips the gradients": trainer.gradient_clip_val is not None,
        "keeps the best model by validation": trainer.checkpoint_callback.monitor is not None,
        "leaves the losses in a file": any(logs.glob("metrics.csv")) or any(logs.glob("events.*")),
    }
    complete = bool(asked.lr_scheduler_configs) and asked.checkpoint_callback.monitor == "val_loss"
    complete &= any(Path(asked.log_dir).glob("metrics.csv")) and asked.gradient_clip_val == 1.0
    return Outcome(
        cases={
            "fewer lines": short < long,
            **does,
            "fewer lines, with those that ask for all of it": complete and longer < long,
        },
        figures={
            "short": short,
            "long": long,
            "asked": longer,
            "kept": Path(trainer.checkpoint_callback.best_model_path).name,
            "file": ", ".join(sorted(path.name for path in logs.iterdir() if path.suffix == ".csv" or "event" in path.name)),
        },
    )


@claim(
    "c78",
    says='Lightning takes care of mixed precision: precision="16-mixed" is float16 with a scaler',
    source="the lesson",
    published={"on a CPU": False, "on a GPU": None},
    because="""
    On a CPU Lightning {version} changed it to {precision}: bfloat16, no scaler. It says so: {warning}.
    """,
    needs=("lightning",),
    full=True,
)
def lightning_precision(here: Here) -> Outcome:
    """The precision in use after the listing's run, and the warning about it."""

    def scaled(accelerator: str) -> tuple[bool, Ran]:
        ran = play("lesson_lightning", replace=('"auto"', f'"{accelerator}"'))
        trainer = ran.names["trainer"]
        return trainer.precision == "16-mixed" and trainer.precision_plugin.scaler is not None, ran

    on_cpu, ran = scaled("cpu")
    cases = {"on a CPU": on_cpu}
    if here.cuda:
        cases["on a GPU"] = scaled("gpu")[0]
    warned = [text.split(":")[0] for text in ran.warned if "bfloat16" in text or "bf16" in text]
    precision = str(ran.names["trainer"].precision)
    return Outcome(
        cases, {"version": version("lightning"), "precision": precision, "warning": (warned or ["no warning"])[0]}
    )
