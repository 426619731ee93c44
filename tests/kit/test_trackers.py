"""Each tracker for real: what was logged is read back from its own files, also across a crash and a resume."""

import importlib
import json
import os
import struct
import subprocess
import sys

import numpy as np
import pytest
import torch
from PIL import Image

from glassloop.errors import UserError
from glassloop.kit import seeding
from glassloop.kit.trackers import open_tracker, require

SETTINGS = {"lr": 0.1, "schedule": "cosine", "run_dir": None}

# A session: from one step to another, then closed or killed. It is a program, so that a kill is one.
SESSION = """
import os, signal, sys
from pathlib import Path
from PIL import Image
from glassloop.kit.trackers import open_tracker
kind, folder, first, last, end = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]), sys.argv[5]
tracker = open_tracker(kind, folder, "tiny", {"lr": 0.1, "schedule": "cosine", "run_dir": None}, step=first)
for step in range(first + 1, last + 1):
    no_numbers = {"nothing": float("nan"), "step": step, "list": [1]}
    tracker.log(step, {"loss": 1 / step, "lr": 0.1, "grad_norm": 2.0 + step, **no_numbers})
    tracker.log(step, {"loss": 1 / step})  # at the end of an epoch it may be told a second time
    (folder / "frames").mkdir(exist_ok=True)
    Image.new("RGB", (4, 3), (step, 0, 0)).save(folder / "frames" / f"epoch-{step:04d}.png")
    tracker.pictures(step)
if end == "kill":
    os.kill(os.getpid(), signal.SIGKILL)
tracker.close()
"""


def sessions(kind, folder, *parts):
    """Run sessions one after the other, each (first, last, how it ends)."""
    folder.mkdir()
    for first, last, end in parts:
        words = [sys.executable, "-c", SESSION, kind, str(folder), str(first), str(last), end]
        done = subprocess.run(words, capture_output=True, text=True, timeout=600, cwd=folder)
        assert done.returncode == (-9 if end == "kill" else 0), done.stderr
        assert done.stdout == ""


# Killed after step 5, and gone on from a checkpoint of step 3.
PARTS = [(0, 5, "kill"), (3, 8, "close")]
STEPS = list(range(1, 9))


def test_tensorboard(tmp_path):
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    sessions("tensorboard", tmp_path / "run", *PARTS)
    events = EventAccumulator(str(tmp_path / "run" / "tb"), size_guidance={"images": 0})
    events.Reload()
    assert set(events.Tags()["scalars"]) == {"loss", "lr", "grad_norm"}
    assert [(e.step, pytest.approx(e.value)) for e in events.Scalars("loss")] == [(step, 1 / step) for step in STEPS]
    assert [e.step for e in events.Images("frames")] == STEPS
    (settings,) = events.Tensors("settings/text_summary")
    assert b"schedule: cosine" in settings.tensor_proto.string_val[0]


def wandb_records(folder):
    """The records of an offline run: LevelDB's log format, blocks of 32 KiB after a header of 7 bytes."""
    proto = importlib.import_module("wandb.proto.wandb_internal_pb2")
    (file,) = folder.glob("*.wandb")
    raw, place, whole = file.read_bytes(), 7, b""
    while place + 7 <= len(raw):
        left = 32768 - place % 32768
        if left < 7:
            place += left
            continue
        _, size, kind = struct.unpack("<IHB", raw[place : place + 7])
        whole += raw[place + 7 : place + 7 + size]
        place += 7 + size
        if kind in (1, 4):  # whole, or the last part
            record = proto.Record()
            record.ParseFromString(whole)
            yield record
            whole = b""


def test_wandb(tmp_path):
    pytest.importorskip("wandb")
    sessions("wandb", tmp_path / "run", *PARTS)
    folders = sorted((tmp_path / "run" / "wandb").glob("offline-run-*"))
    name = json.loads((tmp_path / "run" / "tracker.json").read_text())["wandb"]
    assert [path.name.rpartition("-")[2] for path in folders] == [name, name]  # one run, in two sessions
    records = [record for folder in folders for record in wandb_records(folder)]
    runs = [record.run for record in records if record.HasField("run")]  # of a killed session little may be there
    assert {(run.run_id, run.project) for run in runs} == {(name, "tiny")}
    assert {item.key: json.loads(item.value_json) for item in runs[-1].config.update}["schedule"] == "cosine"
    history = [record.history for record in records if record.HasField("history")]
    told = [{".".join(i.nested_key) or i.key: json.loads(i.value_json) for i in entry.item} for entry in history]
    losses = {row["step"]: row["loss"] for row in told if "loss" in row}
    assert losses == {step: pytest.approx(1 / step) for step in STEPS}
    assert {row["step"] for row in told if any(key.startswith("frames") for key in row)} == set(STEPS)
    assert not (tmp_path / "run" / "wandb" / "unsent.jsonl").exists()


def test_mlflow(tmp_path):
    pytest.importorskip("mlflow")
    sessions("mlflow", tmp_path / "run", *PARTS)
    os.environ.setdefault("MLFLOW_ALLOW_FILE_STORE", "true")
    tracking = importlib.import_module("mlflow.tracking")
    client = tracking.MlflowClient(tracking_uri=(tmp_path / "run" / "mlruns").as_uri())
    name = json.loads((tmp_path / "run" / "tracker.json").read_text())["mlflow"]
    run = client.get_run(name)
    assert run.info.status == "FINISHED"
    assert run.data.params == {"lr": "0.1", "schedule": "cosine", "run_dir": "None"}
    assert set(run.data.metrics) == {"loss", "lr", "grad_norm"}
    history = [(entry.step, entry.value) for entry in client.get_metric_history(name, "loss")]
    assert sorted(history) == [(step, 1 / step) for step in STEPS]
    assert len(client.list_artifacts(name, "frames")) == 8
    assert [e.name for e in client.search_experiments()] in (["tiny", "Default"], ["tiny"])


def test_none_tells_nobody(tmp_path):
    tracker = open_tracker("none", tmp_path, "tiny", SETTINGS)
    tracker.log(1, {"loss": 1.0})
    (tmp_path / "pictures").mkdir()
    Image.fromarray(np.zeros((2, 2, 3), np.uint8)).save(tmp_path / "pictures" / "a.png")
    tracker.pictures(1)
    tracker.close()
    assert [path.name for path in tmp_path.iterdir()] == ["pictures"]


def test_the_generators_are_left_alone(tmp_path):
    pytest.importorskip("tensorboard")
    seeding.seed_everything(0)
    tracker = open_tracker("tensorboard", tmp_path, "tiny", SETTINGS)
    tracker.close()
    drawn = torch.rand(1)
    seeding.seed_everything(0)
    assert torch.equal(drawn, torch.rand(1))


@pytest.mark.parametrize("kind", ["tensorboard", "wandb", "mlflow"])
def test_what_is_missing_is_named_in_one_line(monkeypatch, kind):
    monkeypatch.setitem(sys.modules, kind, None)
    with pytest.raises(UserError, match=rf"--tracker {kind} needs {kind}, .*pip install 'glassloop\[{kind}\]'"):
        require(kind)
    require("none")
