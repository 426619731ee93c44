"""What people really give a loop: refused in one line with the remedy, and nothing that was there is lost."""

import json

import pytest
import torch

from glassloop.kit import checkpoint

from .harness import run
from .tiny import make_tiny

NO_GPU = not torch.cuda.is_available() and not torch.backends.mps.is_available()


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    return make_tiny(tmp_path_factory.mktemp("tiny") / "project")


@pytest.fixture
def project(tmp_path):
    """`project(lines)`: the tiny task with these lines in its place."""
    return lambda replaced: make_tiny(tmp_path / "project", replaced)


def one_clear_line(ended, *words):
    """Exit code 2, nothing that looks like success, and on stderr one `error:` line with these words."""
    lines = ended.stderr.splitlines()
    assert ended.code == 2, ended
    assert len(lines) == 1, ended
    assert lines[0].startswith("error: "), ended
    assert all(word in lines[0] for word in words), lines[0]
    assert "final" not in ended.stdout


def state_of(folder):
    """Every file below `folder`, with its bytes."""
    return {path.relative_to(folder): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


# ---- flags ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["--epochs", 0], ["--epochs is 0; give at least 1"]),
        (["--epochs", -3], ["--epochs is -3"]),
        (["--batch-size", 0], ["--batch-size is 0; give at least 1"]),
        (["--batch-size", 45], ["batch_size is 45, and there are 44 samples to train on; give at most 44"]),
        (["--accumulate", 0], ["--accumulate is 0"]),
        (["--lr", 0], ["--lr is 0.0; give a number above 0"]),
        (["--lr", "nan"], ["--lr is nan"]),
        (["--lr", "inf"], ["--lr is inf"]),
        (["--seed", -1], ["--seed is -1"]),
        (["--weight-decay", -1], ["--weight-decay is -1.0"]),
        (["--clip", 0], ["--clip is 0.0"]),
        (["--warmup", 1], ["--warmup is 1.0; give a share from 0"]),
        (["--ema", 1.5], ["--ema is 1.5"]),
        (["--keep", 0], ["--keep is 0"]),
        (["--save-every", -1], ["--save-every is -1"]),
        (["--stop-at", 0], ["--stop-at is 0"]),
        (["--workers", -1], ["workers is -1; give 0"]),
        (["--seed", 2**64], [f"--seed is {2**64}"]),
        (["--epochs", "many"], ["--epochs", "many", "--help"]),
        (["--learning-rate", 1], ["--learning-rate", "--help"]),
        (["--schedule", "cosin"], ["--schedule", "cosin"]),
    ],
    ids=lambda value: " ".join(map(str, value)) if str(value[0]).startswith("--") else "",
)
def test_a_flag_that_cannot_work(tiny, tmp_path, args, words):
    one_clear_line(run(tiny, "--run-dir", tmp_path / "run", *args), *words)
    assert not (tmp_path / "run").exists()


@pytest.mark.skipif(not NO_GPU, reason="there is a GPU")
@pytest.mark.parametrize("device", ["cuda", "mps"])
def test_a_gpu_that_is_not_there(tiny, tmp_path, device):
    ended = run(tiny, "--run-dir", tmp_path / "run", "--device", device)
    one_clear_line(ended, f"device '{device}' is not available here", "--device auto")


def test_two_processes(tmp_path):
    """Of a loop that does not average gradients; `production` does."""
    ended = run(make_tiny(tmp_path / "project", loop="validated"), WORLD_SIZE="2", RANK="0")
    one_clear_line(ended, "WORLD_SIZE is 2", "2 separate models")


def test_a_file_where_the_run_should_go(tiny, tmp_path):
    (tmp_path / "run").write_text("in the way")
    one_clear_line(run(tiny, "--run-dir", tmp_path / "run"), "cannot be written", "--run-dir")
    assert (tmp_path / "run").read_text() == "in the way"


# ---- data and model ------------------------------------------------------------------------------------------------------

DATA = """
    def make_data():
        x, y = rows()
        train, val = [x[:44], y[:44]], [x[44:], y[44:]]
        {change}
        return InMemory(*train), InMemory(*val)
"""


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("train = [x[:0], y[:0]]", ["InMemory is empty; give at least one sample"]),
        ("val = [x[:0], y[:0]]", ["InMemory is empty"]),
        ("train[0] = train[0].double()", ["first training batch", "batch[0] float64 [8, 4]"]),
        ("train[0] = train[0][:, :3]", ["first training batch", "batch[0] float32 [8, 3]"]),
        ("train[1] = train[1].float()", ["first training batch", "batch[1] float32 [8]"]),
        ("train[1] = train[1] + 1", ["first training batch", "out of bounds"]),
        ("train[0][:, 1] = float('nan')", ["batch[0] of the first training batch holds 8 values that are NaN or infinite"]),
        ("train[1] = train[1][:40]", ["differ in length (44, 40)"]),
        ("val[0] = val[0].double()", ["first validation batch", "batch[0] float64 [8, 4]"]),
        ("val[0] = val[0][:, :3]", ["first validation batch", "batch[0] float32 [8, 3]"]),
        ("val[0][:, 1] = float('nan')", ["first validation batch holds 8 values that are NaN or infinite"]),
    ],
)
def test_data_that_does_not_fit(project, tmp_path, change, words):
    ended = run(project(DATA.format(change=change)), "--run-dir", tmp_path / "run")
    one_clear_line(ended, *words)
    assert not (tmp_path / "run").exists()


def test_a_loss_that_is_not_reduced(project, tmp_path):
    replaced = """
        def loss(model, batch):
            outputs = model(batch[0])
            return F.cross_entropy(outputs, batch[1], reduction="none"), outputs
    """
    one_clear_line(
        run(project(replaced), "--run-dir", tmp_path / "run"), "loss of the first training batch", "[8]", "return its mean"
    )


def test_recompute_without_blocks(project, tmp_path):
    replaced = """
        def make_model():
            return nn.Sequential(nn.Linear(4, 3))
    """
    ended = run(project(replaced), "--run-dir", tmp_path / "run", "--recompute")
    one_clear_line(ended, "--recompute", "blocks")


def test_a_validation_set_smaller_than_a_batch(tiny, tmp_path):
    ended = run(tiny, "--run-dir", tmp_path / "run", "--batch-size", 16)
    assert ended.code == 0, ended
    assert ended.stderr == "note: 10 validation samples make one batch shorter than 16; all of them are evaluated\n"
    assert ended.final["val_loss"] > 0


@pytest.mark.parametrize("precision", ["fp32", "bf16", "fp16"])
def test_a_nan_in_a_later_batch_loses_nothing(project, tmp_path, precision):
    """The row comes up in the second epoch's fourth step; the checkpoints before it stay, and one can go on from them."""
    replaced = (
        DATA.format(change="")
        + """
    def loss(model, batch, calls=[]):
        outputs = model(batch[0])
        if torch.is_grad_enabled():
            calls.append(1)
            if len(calls) == 10:
                outputs = outputs * float("nan")
        return F.cross_entropy(outputs, batch[1]), outputs
    """
    )
    folder = tmp_path / "run"
    broken = project(replaced)
    args = ["--save-every", 1, "--keep", 99, "--precision", precision]
    ended = run(broken, "--run-dir", folder, *args)
    one_clear_line(ended, "the loss of step 10 is nan", "last checkpoint")
    kept = sorted(path.name for path in folder.glob("checkpoints/step-*"))
    assert kept == [f"step-{step:08d}" for step in range(1, 10)]
    for path in folder.glob("checkpoints/step-*"):
        for tensors in checkpoint.load(path).weights.values():
            assert all(bool(torch.isfinite(tensor).all()) for tensor in tensors.values())
    assert [row["epoch"] for row in json.loads((folder / "history.json").read_text())] == [1]
    ended = run(broken, "--run-dir", folder, "--resume")  # a new process counts its calls anew: the data is clean now
    assert ended.code == 0, ended
    assert "resumed after step 9" in ended.stdout


def test_a_nan_between_readings_is_found_before_it_is_saved(project, tmp_path):
    """The loss is read every 20 steps, later than this run is long, or when a checkpoint is due."""
    change = "train[0][seeding.permutation(44, 0, 0)[30]] = float('nan')"
    folder = tmp_path / "run"
    ended = run(
        project(DATA.replace("x, y =", "from glassloop.kit import seeding; x, y =").format(change=change)),
        "--run-dir",
        folder,
    )
    one_clear_line(ended, "the loss of step 4 is nan")
    assert not list(folder.glob("checkpoints/step-*"))


# ---- runs that are there -------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def half(tiny, tmp_path_factory):
    folder = tmp_path_factory.mktemp("half") / "run"
    assert run(tiny, "--run-dir", folder, "--stop-at", 8, "--lr", 0.02).code == 0
    return folder


@pytest.fixture
def stopped(half, tmp_path):
    import shutil

    return shutil.copytree(half, tmp_path / "run", symlinks=True)


def test_an_existing_run_is_not_overwritten(tiny, stopped):
    before = state_of(stopped)
    one_clear_line(run(tiny, "--run-dir", stopped), "already holds a run", "--resume", "--run-dir")
    assert state_of(stopped) == before


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["--lr", 0.5], ["--lr was 0.02", "is 0.5 now"]),
        (["--epochs", 9], ["--epochs was 2", "is 9 now"]),
        (["--seed", 1], ["--seed was 0"]),
        (["--batch-size", 4], ["--batch-size was 8"]),
        (["--ema", 0.5], ["--ema was 0.0"]),
        (["--schedule", "plateau"], ["--schedule was cosine"]),
    ],
    ids=lambda value: str(value[0]),
)
def test_a_setting_changed_on_resume(tiny, stopped, args, words):
    before = state_of(stopped / "checkpoints")
    one_clear_line(run(tiny, "--run-dir", stopped, "--resume", *args), *words, "leave it, or begin a new run")
    assert state_of(stopped / "checkpoints") == before
    ended = run(tiny, "--run-dir", stopped, "--resume", "--stop-at", 9)  # and without it all is well
    assert ended.code == 0, ended
    assert "resumed after step 8" in ended.stdout


def test_a_model_changed_on_resume(project, stopped):
    replaced = """
        def make_model():
            return nn.Sequential(nn.Linear(4, 3))
    """
    before = state_of(stopped / "checkpoints")
    one_clear_line(run(project(replaced), "--run-dir", stopped, "--resume"), "does not fit this model", "--run-dir")
    assert state_of(stopped / "checkpoints") == before


def test_resume_with_nothing_there_starts_afresh(tiny, tmp_path):
    ended = run(tiny, "--run-dir", tmp_path / "run", "--resume", "--epochs", 1)
    assert ended.code == 0, ended
    assert "resumed" not in ended.stdout
    again = run(tiny, "--run-dir", tmp_path / "run", "--resume")  # of a run that has come to its end
    assert again.code == 0, again
    assert again.final == ended.final


def test_a_run_whose_history_is_gone(tiny, stopped):
    """A note, not an end: the weights are worth more. A finished run has nothing else to show, though."""
    (stopped / "history.json").unlink()
    ended = run(tiny, "--run-dir", stopped, "--resume")
    assert ended.code == 0, ended
    assert ended.stderr == "note: history.json has 0 of the 1 epochs before the checkpoint\n"
    assert [row["epoch"] for row in json.loads((stopped / "history.json").read_text())] == [2]
    (stopped / "history.json").unlink()
    ended = run(tiny, "--run-dir", stopped, "--resume")
    assert ended.code == 2, ended
    assert "history.json holds no epoch of this finished run; put it back" in ended.stderr
    assert "Traceback" not in ended.stderr


# ---- a task of one's own -------------------------------------------------------------------------------------------------


def test_what_a_task_lacks_is_named_at_once(project, tmp_path):
    ended = run(project("del SPLIT, after_training, globals()['count']"), "--run-dir", tmp_path / "run")
    one_clear_line(ended, "SPLIT (", "count (", "after_training (", "add it")


@pytest.mark.parametrize("goal", [("accuracy", "max"), ("val_loss", "least")])
def test_a_goal_that_is_never_measured_is_refused_at_once(project, tmp_path, goal):
    one_clear_line(run(project(f"GOAL = {goal}"), "--run-dir", tmp_path / "run"), "GOAL in task.py is", "val_loss")


def test_nothing_to_resume_is_said(tiny, tmp_path):
    ended = run(tiny, "--run-dir", tmp_path / "run", "--resume", "--epochs", 1)
    assert ended.code == 0, ended
    assert "nothing to resume" in ended.stdout


@pytest.mark.parametrize("loop", ["five_lines", "validated"])
@pytest.mark.parametrize("args", [["--epochs", 0], ["--lr", -1], ["--threads", 0]], ids=str)
def test_lower_rungs_refuse_too(tmp_path, loop, args):
    one_clear_line(run(make_tiny(tmp_path / "project", loop=loop), *args), args[0], str(args[1]))
