"""The tasks `images` and `diffusion`: what they promise, in a short form for CI and as stated in full."""

import json

import pytest
import torch
from PIL import Image

from .harness import digest, run
from .tiny import task_of


def test_images_are_decoded_and_augmented_by_workers_and_resumed_bit_for_bit(project_with, tmp_path):
    project = project_with("images", EACH=20, SHAPES={"circle": 0, "ring": -2, "star": -3}, SIZE=16)
    assert run(project, "--run-dir", tmp_path / "whole", "--epochs", 2, "--workers", 2, "--batch-size", 16).code == 0
    part = ["--run-dir", tmp_path / "part", "--workers"]
    assert run(project, *part, 2, "--epochs", 2, "--batch-size", 16, "--stop-at", 2).code == 0
    assert "resumed after step 2" in run(project, *part, 0, "--resume").stdout  # and another number of workers
    assert digest(tmp_path / "part") == digest(tmp_path / "whole")
    assert (tmp_path / "part" / "pictures" / "predictions.png").stat().st_size > 5_000
    for name in ("circle", "ring", "star"):
        files = sorted((project / "data" / "shapes" / name).iterdir())
        assert len(files) == 20
        with Image.open(files[0]) as picture:
            assert (picture.format, picture.size) == ("JPEG", (64, 64))


def test_a_picture_that_breaks_off_is_named_also_from_a_worker(project_with, tmp_path):
    project = project_with("images", EACH=6, SHAPES={"circle": 0, "star": -3}, SIZE=16, BATCH_SIZE=4)
    assert run(project, "--run-dir", tmp_path / "a", "--epochs", 1, "--workers", 0).code == 0  # draws them
    for file in (project / "data" / "shapes" / "star").iterdir():
        file.write_bytes(file.read_bytes()[:900])  # the header is whole
    ended = run(project, "--run-dir", tmp_path / "b", "--workers", 2, "--epochs", 1)
    assert ended.code == 2
    line = ended.stderr.splitlines()[-1]
    assert "Traceback" not in ended.stderr
    assert line.startswith("error: ")
    assert "shapes/star/" in line.replace("\\", "/")


def test_a_backbone_that_is_not_installed_is_named(project_with, tmp_path):
    project = project_with("images", EACH=5, SHAPES={"circle": 0, "star": -3}, BACKBONE="timm:resnet18", BATCH_SIZE=4)
    try:
        import timm  # noqa: F401
    except ImportError:
        ended = run(project, "--run-dir", tmp_path / "run", "--workers", 0)
        assert ended.code == 2
        assert "BACKBONE in task.py is timm:resnet18; pip install timm, or leave BACKBONE empty" in ended.stderr
    else:
        assert run(project, "--run-dir", tmp_path / "run", "--workers", 0, "--epochs", 1).code == 0


def test_noise_is_covered_and_taken_away(make_project):
    """What the network is asked is right: a network that knew the noise would draw the very scan."""
    task = task_of(make_project("diffusion"))
    assert task.LEFT[0] == 1
    assert task.LEFT[-1] < 1e-3
    assert (task.LEFT.diff() <= 0).all()
    train, val = task.make_data()
    assert (len(train), len(val)) == (4 * 1437, 360)
    images = train.tensors[0][:200]
    generator = torch.Generator().manual_seed(0)
    covered, steps, noise = task.cover((images,), lambda n: torch.rand(200, n, generator=generator))
    assert (steps.min(), steps.max()) >= (1, 150)
    assert steps.max() <= task.STEPS
    assert float(noise.mean()) == pytest.approx(0, abs=0.03)
    assert float(noise.std()) == pytest.approx(1, abs=0.03)
    left = task.LEFT[steps].view(-1, 1, 1, 1)
    torch.testing.assert_close(covered, left.sqrt() * images + (1 - left).sqrt() * noise)

    class Knows(torch.nn.Module):
        """Takes whatever it is shown for `scan` under noise."""

        def __init__(self, scan):
            super().__init__()
            self.scan = torch.nn.Parameter(scan)

        def forward(self, images, steps):
            left = task.LEFT[steps].view(-1, 1, 1, 1)
            return (images - left.sqrt() * self.scan) / (1 - left).sqrt()

    drawn = task.draw_digits(Knows(images[:1]), 4)
    torch.testing.assert_close(drawn, images[:1].expand(4, -1, -1, -1), atol=1e-3, rtol=0)
    real = task.judge(val.tensors[0])
    assert real["among_real"] > 0.8
    assert real["digits"] == 10
    assert task.judge(torch.randn(100, 1, 8, 8, generator=generator).clamp(-1, 1))["among_real"] == 0


def test_diffusion_sees_noise_and_goes_on_bit_for_bit(make_project, tmp_path):
    project = make_project("diffusion")
    whole = run(project, "--run-dir", tmp_path / "whole", "--epochs", 1)
    assert whole.final["val_loss"] < 1.2  # 1 is a model that sees no noise at all; the average weights trail far behind
    rows = json.loads((tmp_path / "whole" / "history.json").read_text())
    assert rows[0]["train_loss"] < 0.7
    with Image.open(tmp_path / "whole" / "pictures" / "samples.png") as picture:
        assert picture.width > 500
    assert set(json.loads((tmp_path / "whole" / "pictures" / "samples.json").read_text())) == {"among_real", "digits"}
    part = ["--run-dir", tmp_path / "part"]
    assert run(project, *part, "--epochs", 1, "--stop-at", 30, "--workers", 2).code == 0
    assert run(project, *part, "--resume").code == 0
    assert digest(tmp_path / "part") == digest(tmp_path / "whole")


@pytest.mark.full
def test_what_the_first_lines_promise(make_project, tmp_path):
    assert run(make_project("images"), "--run-dir", tmp_path / "a").final["val_accuracy"] >= 0.92
    assert run(make_project("diffusion"), "--run-dir", tmp_path / "b").final["val_loss"] <= 0.18
    found = json.loads((tmp_path / "b" / "pictures" / "samples.json").read_text())
    assert found["among_real"] >= 0.65
    assert found["digits"] == 10
