"""The tasks `text` and `tabular`: what they promise, in a short form for CI and as stated in full."""

import json
import math
from collections import Counter

import pytest
import torch

from .harness import digest, run
from .tiny import task_of

SMALL = {"MODULES": "textwrap heapq", "CONTEXT": 32, "WIDTH": 32, "HEADS": 2, "DEPTH": 1}


def test_text_learns_more_than_how_frequent_each_character_is(project_with, tmp_path):
    """And stopped in the middle of an epoch, with two workers that cut windows at random, it goes on bit for bit."""
    project = project_with("text", **SMALL)
    whole = run(project, "--run-dir", tmp_path / "whole", "--epochs", 2)
    counts = Counter(task_of(project).read())
    total = sum(counts.values())
    entropy = -sum(n / total * math.log(n / total) for n in counts.values())
    assert whole.final["val_loss"] < entropy - 0.3
    assert whole.final["val_perplexity"] == pytest.approx(math.exp(whole.final["val_loss"]), rel=1e-3)
    assert len((tmp_path / "whole" / "sample.txt").read_text()) == 500 + len("\ndef ")
    part = ["--run-dir", tmp_path / "part", "--workers", 2]
    assert run(project, *part, "--epochs", 2, "--stop-at", 30).code == 0
    assert "resumed after step 30" in run(project, *part, "--resume").stdout
    assert digest(tmp_path / "part") == digest(tmp_path / "whole")


def test_words_are_padded_to_the_longest_of_their_batch_and_padding_weighs_nothing(project_with, tmp_path):
    project = project_with("text", **SMALL | {"LEVEL": "words", "CONTEXT": 64})
    task = task_of(project)
    train, _ = task.make_data()
    longest = int((train.tensors[1] != task.PAD).sum(1).max())
    wide = tuple(tensor[:7] for tensor in train.tensors)
    narrow = task.trim(wide, None)
    assert narrow[0].shape[1] < longest == wide[0].shape[1]
    lengths = (wide[1] != task.PAD).sum(1)
    assert narrow[0].shape[1] == lengths.max()
    assert task.count(narrow) == task.count(wide) == int(lengths.sum())
    model = task.make_model()
    losses = [task.loss(model, batch)[0] for batch in (wide, narrow)]
    torch.testing.assert_close(*losses)
    rows = [task.loss(model, tuple(t[i : i + 1, : lengths[i]] for t in wide))[0] * lengths[i] for i in range(7)]
    torch.testing.assert_close(sum(rows) / lengths.sum(), losses[0])  # a token weighs the same in a long and a short line
    ended = run(project, "--run-dir", tmp_path / "run", "--epochs", 2)
    assert ended.final["val_perplexity"] < 100  # of 500 words


def test_a_word_after_another_is_the_target(project_with):
    task = task_of(project_with("text", LEVEL="words"))
    vocabulary, numbers, _ = task.parts()
    tokens, targets = (tensor[3] for tensor in task.lines(numbers))
    length = int((targets != task.PAD).sum())
    assert tokens[1:length].tolist() == targets[: length - 1].tolist()
    assert vocabulary[targets[length - 1]] == "\n"


def test_a_window_cannot_see_what_follows(project_with):
    task = task_of(project_with("text", **SMALL))
    model = task.make_model().eval()
    tokens = torch.randint(0, 40, (1, 32))
    other = tokens.clone()
    other[0, 20:] = 0
    with torch.inference_mode():
        one, two = model(tokens), model(other)
    torch.testing.assert_close(one[0, :20], two[0, :20])
    assert not torch.allclose(one[0, 20:], two[0, 20:])


def test_tables_beat_the_commonest_class(project_with, tmp_path):
    ended = run(project_with("tabular"), "--run-dir", tmp_path / "run", "--epochs", 4)
    assert ended.final["val_accuracy"] > 0.85  # 0.63 of the cases are benign
    low, high = ended.final["val_accuracy_interval"]
    assert low < ended.final["val_accuracy"] < high
    assert f"val_accuracy {ended.final['val_accuracy']:.4f} [{low:.4f}, {high:.4f}]" in ended.stdout
    run_json = json.loads((tmp_path / "run" / "run.json").read_text())
    assert run_json["final"]["val_accuracy_interval"] == [low, high]
    assert run_json["data"]["classes"] == {"malignant": 212, "benign": 357}
    assert f"95 %: {low:.4f} to " in (tmp_path / "run" / "report.html").read_text()
    assert (tmp_path / "run" / "pictures" / "columns.png").stat().st_size > 5_000


def test_a_regression_beats_the_mean(project_with, tmp_path):
    project = project_with("tabular", DATA="diabetes", TARGET="progression", KIND="regression")
    ended = run(project, "--run-dir", tmp_path / "run", "--epochs", 8)
    assert ended.final["val_r2"] > 0.15  # 0 for a model that always says the mean
    assert 35 < ended.final["val_mae"] < 60  # in the target's own unit, 25 to 346


def test_the_scale_of_a_table_comes_from_its_training_rows_alone(project_with):
    task = task_of(project_with("tabular"))
    train, val = task.make_data()
    model = task.make_model()
    torch.testing.assert_close(model.centre, train.tensors[0].mean(0))
    assert not torch.allclose(model.centre, torch.cat((train.tensors[0], val.tensors[0])).mean(0), rtol=1e-5)


@pytest.mark.full
def test_what_the_first_lines_promise(project_with, make_project, tmp_path):
    assert run(make_project("tabular"), "--run-dir", tmp_path / "a").final["val_accuracy"] >= 0.95
    regression = project_with("tabular", DATA="diabetes", TARGET="progression", KIND="regression")
    assert run(regression, "--run-dir", tmp_path / "b").final["val_r2"] >= 0.33
    assert run(make_project("text"), "--run-dir", tmp_path / "c").final["val_loss"] <= 1.65
    words = run(project_with("text", LEVEL="words"), "--run-dir", tmp_path / "d")
    assert words.final["val_perplexity"] <= 15  # 14.0 was measured
