"""Where a run is shown besides its own folder: TensorBoard, Weights & Biases, MLflow, each written into that folder.

    RUN/tb/         TensorBoard: `tensorboard --logdir RUN/tb`
    RUN/wandb/      Weights & Biases, offline: `wandb sync RUN/wandb/offline-run-*` sends it; WANDB_MODE=online does at once
    RUN/mlruns/     MLflow's file store: `mlflow ui --backend-store-uri RUN/mlruns`

A resumed run goes on with its curves: the tracker's own name of the run lies in RUN/tracker.json, and what a crash had
shown beyond the checkpoint is shown once. history.json stays the record; a tracker is for looking.
"""

import contextlib
import importlib
import json
import math
import os
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

from glassloop.errors import UserError
from glassloop.kit import seeding
from glassloop.record.files import write_json

TrackerName = Literal["none", "tensorboard", "wandb", "mlflow"]


class Tracker:
    """Tells nobody. What the others share: which figures are numbers, and which pictures are new."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.last: dict[str, int] = {}  # the last step at which each figure was shown
        self._shown = {path: path.stat().st_mtime_ns for path in self._pictures()}

    def log(self, step: int, figures: Mapping[str, Any]) -> None:
        """Show the numbers among `figures` at this step, each once; what is no finite number is left out."""
        numbers = {name: float(value) for name, value in figures.items() if isinstance(value, (int, float))}
        new = {name: value for name, value in numbers.items() if math.isfinite(value) and step > self.last.get(name, -1)}
        new.pop("step", None)
        self.last.update(dict.fromkeys(new, step))
        self._log(step, new)

    def pictures(self, step: int) -> None:
        """Show the PNGs in the run folder's frames/ and pictures/ that are new since the last call."""
        for path in self._pictures():
            changed = path.stat().st_mtime_ns
            if self._shown.get(path) != changed:  # also one that was drawn again
                self._shown[path] = changed
                self._picture(step, "frames" if path.parent.name == "frames" else path.stem, path)

    def close(self) -> None:
        """Write what waits."""

    def _pictures(self) -> Iterator[Path]:
        for name in ("frames", "pictures"):
            yield from sorted((self.folder / name).glob("*.png"))

    def _log(self, step: int, numbers: Mapping[str, float]) -> None:
        pass

    def _picture(self, step: int, name: str, path: Path) -> None:
        pass


class TensorBoard(Tracker):
    """Event files. What was written beyond `step` is purged, as TensorBoard calls it: it is not shown."""

    def __init__(self, folder: Path, settings: Mapping[str, Any], step: int) -> None:
        super().__init__(folder)
        writer = _module("torch.utils.tensorboard", "tensorboard").SummaryWriter
        resumed = (folder / "tb").exists()
        self.writer = writer(str(folder / "tb"), purge_step=step + 1 if resumed else None)
        if not resumed:
            self.writer.add_text("settings", "\n".join(f"    {name}: {value}" for name, value in settings.items()), 0)

    def _log(self, step: int, numbers: Mapping[str, float]) -> None:
        for name, value in numbers.items():
            self.writer.add_scalar(name, value, step)
        self.writer.flush()  # or a crash would take up to two minutes of it, also what lies before a checkpoint

    def _picture(self, step: int, name: str, path: Path) -> None:
        self.writer.add_image(name, _pixels(path), step, dataformats="HWC")

    def close(self) -> None:
        """Write what waits."""
        self.writer.close()


class Wandb(Tracker):
    """A run of Weights & Biases under one name through all sessions; the step is a figure of its own and every curve's x.

    It writes from a process that a kill takes with it, and with it what was not written yet: so what was told stands in
    RUN/wandb/unsent.jsonl as well until the run is closed, and a resumed one tells again what lies before its checkpoint.
    """

    def __init__(self, folder: Path, name: str, settings: Mapping[str, Any], step: int) -> None:
        super().__init__(folder)
        os.environ.setdefault("WANDB_ERROR_REPORTING", "false")
        self.wandb = _module("wandb")
        known = _name_of(folder, "wandb")
        self.run = self.wandb.init(
            project=name,
            id=known or _new_name(folder, "wandb", uuid.uuid4().hex[:8]),
            name=folder.name,
            dir=str(folder),
            config=dict(settings),
            mode=os.environ.get("WANDB_MODE", "offline"),
            resume="allow",
            settings=self.wandb.Settings(
                silent=True, console="off", x_disable_stats=True, disable_git=True, disable_code=True
            ),
        )
        self.run.define_metric("step")
        self.run.define_metric("*", step_metric="step")  # a rewound step would be refused as its own count
        self.unsent = folder / "wandb" / "unsent.jsonl"
        lost = self.unsent.read_text(encoding="utf-8").splitlines() if self.unsent.exists() else []
        self.unsent.unlink(missing_ok=True)
        for line in lost:
            with contextlib.suppress(ValueError, OSError):  # a line cut by the crash, a picture that is gone
                self._tell(json.loads(line), up_to=step)

    def _log(self, step: int, numbers: Mapping[str, float]) -> None:
        self._tell({"step": step, **numbers})

    def _picture(self, step: int, name: str, path: Path) -> None:
        self._tell({"step": step, name: str(path)})

    def _tell(self, told: dict[str, Any], up_to: int | None = None) -> None:
        if up_to is not None and told["step"] > up_to:
            return  # is trained again, and told then
        with open(self.unsent, "a", encoding="utf-8") as file:
            file.write(json.dumps(told) + "\n")
        self.run.log({name: self.wandb.Image(value) if isinstance(value, str) else value for name, value in told.items()})

    def close(self) -> None:
        """Write what waits and end the process that Weights & Biases keeps."""
        self.run.finish()
        self.unsent.unlink(missing_ok=True)


class MLflow(Tracker):
    """A run in a file store. Figures that it holds already, from before a crash, are not added again."""

    def __init__(self, folder: Path, name: str, settings: Mapping[str, Any]) -> None:
        super().__init__(folder)
        os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
        os.environ.setdefault("MLFLOW_ALLOW_FILE_STORE", "true")
        tracking = _module("mlflow.tracking", "mlflow")
        self.client = tracking.MlflowClient(tracking_uri=(folder / "mlruns").absolute().as_uri())
        known = _name_of(folder, "mlflow")
        if known:
            self.id = known
            self.client.update_run(known, status="RUNNING")
            for figure in self.client.get_run(known).data.metrics:
                self.last[figure] = max(entry.step for entry in self.client.get_metric_history(known, figure))
            return
        experiment = self.client.get_experiment_by_name(name)
        experiment_id = experiment.experiment_id if experiment else self.client.create_experiment(name)
        self.id = self.client.create_run(experiment_id, run_name=folder.name).info.run_id
        _new_name(folder, "mlflow", self.id)
        for key, value in settings.items():
            self.client.log_param(self.id, key, value)

    def _log(self, step: int, numbers: Mapping[str, float]) -> None:
        for name, value in numbers.items():
            self.client.log_metric(self.id, name, value, step=step)

    def _picture(self, step: int, name: str, path: Path) -> None:
        self.client.log_artifact(self.id, str(path), path.parent.name)

    def close(self) -> None:
        """Say that the run has ended; its figures are written as they come."""
        self.client.set_terminated(self.id)


def open_tracker(kind: TrackerName, folder: Path, name: str, settings: Mapping[str, Any], step: int = 0) -> Tracker:
    """The tracker `kind` of the run in `folder`, which goes on after `step`; `name` is the task's, `settings` the run's.

    Leaves the random generators as it found them. Raises UserError where what it needs is not installed.
    """
    with seeding.kept_rng():
        if kind == "tensorboard":
            return TensorBoard(folder, settings, step)
        if kind == "wandb":
            return Wandb(folder, name, settings, step)
        if kind == "mlflow":
            return MLflow(folder, name, settings)
        return Tracker(folder)


def require(kind: TrackerName) -> None:
    """Raise UserError, before anything is trained, where what the tracker `kind` needs is not installed."""
    if kind != "none":
        _module(kind)


def _module(name: str, package: str | None = None) -> Any:
    package = package or name
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise UserError(
            f"--tracker {package} needs {package}, which cannot be imported ({error}); pip install 'glassloop[{package}]'"
        ) from None


def _name_of(folder: Path, kind: str) -> str | None:
    """What the tracker calls this run, from an earlier session."""
    try:
        names = json.loads((folder / "tracker.json").read_text(encoding="utf-8"))
        return names.get(kind) if isinstance(names, dict) else None
    except (OSError, ValueError):
        return None


def _new_name(folder: Path, kind: str, name: str) -> str:
    write_json(folder / "tracker.json", {kind: name})
    return name


def _pixels(path: Path) -> Any:
    """A picture as (height, width, 3) bytes."""
    import numpy as np
    from PIL import Image

    with Image.open(path) as picture:
        return np.asarray(picture.convert("RGB"))
