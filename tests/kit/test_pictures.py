"""Folders of pictures: what is found, what is refused, and that every kind of file becomes the same tensor."""

import re

import numpy as np
import pytest
import torch
from PIL import Image

from glassloop.errors import UserError
from glassloop.kit.decoding import read_picture
from glassloop.kit.pictures import check_pictures, list_pictures


def picture(path, colour=(250, 10, 20), size=(40, 30), mode="RGB"):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, colour).convert(mode).save(path)
    return path


def fill(folder, classes=("cat", "dog"), each=5):
    for name in classes:
        for number in range(each):
            picture(folder / name / f"{number}.png")
    return folder


def test_classes_and_files_are_sorted_and_other_files_do_not_count(tmp_path):
    folder = fill(tmp_path, ("dog", "cat"))
    picture(folder / "cat" / "deep" / "z.JPG")
    (folder / "cat" / "notes.txt").write_text("no picture")
    (folder / "cat" / "._0.png").write_text("what a Mac leaves beside a file")
    (folder / ".cache").mkdir()
    found = list_pictures(folder)
    assert found.classes == ["cat", "dog"]
    assert found.labels == [0] * 6 + [1] * 5
    assert [file.relative_to(folder).as_posix() for file in found.files[:6]] == [
        *(f"cat/{n}.png" for n in range(5)),
        "cat/deep/z.JPG",
    ]
    assert found.validation is None
    assert check_pictures(found.files) == (40, 30, 11)
    assert check_pictures(found.files, most=4)[2] == 4


@pytest.mark.parametrize("name", ["val", "valid", "test"])
def test_a_split_that_is_there_is_kept(tmp_path, name):
    fill(tmp_path / "train", each=3)
    fill(tmp_path / name, each=1)
    found = list_pictures(tmp_path)
    assert (len(found.files), len(found.validation.files)) == (6, 2)
    picture(tmp_path / name / "cow" / "1.png")
    with pytest.raises(UserError, match=f"class cow is in only one of train and {name}"):
        list_pictures(tmp_path)


def test_refusals(tmp_path):
    for folder, said in (
        (tmp_path / "none", "is not there; give a folder with a folder of pictures for each class"),
        (picture(tmp_path / "one.png"), "is a file; give a folder"),
        (picture(tmp_path / "flat" / "one.png").parent, "has no folder in it; give a folder of pictures for each class, as"),
        (fill(tmp_path / "a", ("cat",)), "has one class, cat; give a folder of pictures for each class"),
        (fill(tmp_path / "b", each=4), "cat holds 4 pictures (.jpg, .jpeg, .png, .webp, ...); give at least 5, a fifth"),
    ):
        with pytest.raises(UserError, match=re.escape(said)):
            list_pictures(folder)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "1.png is empty; replace or remove it"),
        (b"<html>not found</html>", "1.png is no picture, whatever its name says; replace or remove it"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 40, "1.png "),
    ],
)
def test_a_file_that_is_no_picture_is_named(tmp_path, content, said):
    files = list_pictures(fill(tmp_path)).files
    files[1].write_bytes(content)
    with pytest.raises(UserError, match=re.escape(said)):
        check_pictures(files)
    with pytest.raises(UserError, match=re.escape(said)):
        read_picture(files[1], 8)


def test_a_picture_that_breaks_off_is_named(tmp_path):
    path = tmp_path / "a.jpg"
    rng = np.random.default_rng(0)
    Image.fromarray(rng.integers(0, 256, (90, 90, 3), dtype=np.uint8)).save(path)
    path.write_bytes(path.read_bytes()[:2000])
    with pytest.raises(UserError, match=r"a.jpg cannot be read to its end \(.*truncated.*\); replace or remove it"):
        read_picture(path, 8)


@pytest.mark.parametrize(
    ("name", "mode"),
    [("a.png", "RGB"), ("a.png", "RGBA"), ("a.png", "P"), ("a.gif", "P"), ("a.webp", "RGB"), ("a.tif", "CMYK")],
)
def test_every_mode_becomes_red_green_blue(tmp_path, name, mode):
    image = read_picture(picture(tmp_path / name, mode=mode), 8)
    assert image.shape == (3, 8, 8)
    assert image.dtype == torch.float32
    torch.testing.assert_close(image[:, 4, 4], torch.tensor([250, 10, 20]) / 255, atol=0.1, rtol=0)


def test_grey_transparent_and_deep_pictures(tmp_path):
    assert read_picture(picture(tmp_path / "l.png", (100,) * 3, mode="L"), 4)[:, 0, 0].tolist() == pytest.approx(
        [100 / 255] * 3
    )
    Image.new("RGBA", (9, 9), (0, 0, 0, 0)).save(tmp_path / "clear.png")
    assert read_picture(tmp_path / "clear.png", 4).min() == 1  # white, not the black that lies below
    Image.fromarray(np.full((9, 9), 40_000, dtype=np.uint16)).save(tmp_path / "deep.png")
    assert read_picture(tmp_path / "deep.png", 4).max().item() == pytest.approx(156 / 255)


def test_the_middle_is_cut_and_a_camera_is_turned_upright(tmp_path):
    wide = Image.new("RGB", (300, 100), "black")
    wide.paste("white", (100, 0, 200, 100))
    wide.save(tmp_path / "wide.png")
    assert read_picture(tmp_path / "wide.png", 10).min() > 0.8  # black is outside
    tall = Image.new("RGB", (800, 800), "black")
    tall.paste("white", (0, 0, 800, 400))  # white above
    exif = Image.Exif()
    exif[0x0112] = 3  # held upside down
    tall.save(tmp_path / "turned.jpg", exif=exif, quality=95)
    image = read_picture(tmp_path / "turned.jpg", 10)
    assert image[:, 0].max() < 0.1 < 0.9 < image[:, 9].min()
