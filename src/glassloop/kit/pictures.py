"""A folder of pictures, a folder a class in it: which there are, and whether they are pictures. Never loads torch.

FOLDER/cat/one.jpg FOLDER/dog/two.png                    split by the task
FOLDER/train/cat/one.jpg FOLDER/val/cat/three.jpg        split already (val, valid, validation or test)
"""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from glassloop.errors import UserError

ENDINGS = (".jpg", ".jpeg", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff")
FEWEST = 5  # pictures of a class where the task splits: a fifth of them is kept for validation
_VALIDATION = ("val", "valid", "validation", "test")  # what the second folder is called, the first of these that is there


class Pictures(NamedTuple):
    """The files, sorted, and the class of each as a place in `classes`. `validation` is None where the task must split."""

    classes: list[str]
    files: list[Path]
    labels: list[int]
    validation: "Pictures | None" = None


def list_pictures(folder: Path) -> Pictures:
    """What lies in `folder`, by file names alone. Raises UserError where that is nothing that one could train on."""
    if not folder.is_dir():
        what = "is a file" if folder.exists() else "is not there"
        raise UserError(f"{folder} {what}; give a folder with a folder of pictures for each class")
    held_out = next((folder / name for name in _VALIDATION if (folder / name).is_dir()), None)
    if (folder / "train").is_dir() and held_out:
        train, val = _read_classes(folder / "train", 1), _read_classes(held_out, 1)
        if train.classes != val.classes:
            odd = sorted(set(train.classes) ^ set(val.classes))[0]
            raise UserError(f"{folder}: class {odd} is in only one of train and {held_out.name}; give both the same classes")
        return train._replace(validation=val)
    return _read_classes(folder, FEWEST)


def check_pictures(files: Sequence[Path], most: int = 1000) -> tuple[int, int, int]:
    """Open up to `most` of the files, evenly chosen, as far as their header. Returns the median width and height, and how
    many were opened. Raises UserError, naming the file, for one that is no picture."""
    chosen = files[:: -(-len(files) // most)]
    sizes = [open_picture(file).size for file in chosen]
    widths, heights = (sorted(sides) for sides in zip(*sizes, strict=True))
    return widths[len(widths) // 2], heights[len(heights) // 2], len(chosen)


def open_picture(file: Path) -> Any:
    """PIL's image, read as far as its header. Raises UserError, naming the file, for one that is no picture."""
    from PIL import Image, UnidentifiedImageError

    try:
        return Image.open(file)
    except UnidentifiedImageError:
        size = os.path.getsize(file)
        what = "is empty" if not size else "is no picture, whatever its name says"
        raise UserError(f"{file} {what}; replace or remove it") from None
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise UserError(f"{file} cannot be opened ({error}); replace or remove it") from None


def _read_classes(folder: Path, fewest: int) -> Pictures:
    """The folders in `folder` are the classes; hidden files, and those whose ending is no picture's, do not count."""
    homes = sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))
    found = {home.name: _pictures_below(home) for home in homes}
    shape = f"give a folder of pictures for each class, as {folder / 'cat'} and {folder / 'dog'}"
    if len(found) < 2:
        what = f"has one class, {next(iter(found))}" if found else "has no folder in it"
        raise UserError(f"{folder} {what}; {shape}")
    for name, files in found.items():
        if len(files) < fewest:
            what = f"{len(files)} pictures" if len(files) != 1 else "1 picture"
            least = f"give at least {fewest}" + (", a fifth of them is kept for validation" if fewest > 1 else "")
            raise UserError(f"{folder / name} holds {what} ({', '.join(ENDINGS[:4])}, ...); {least}")
    pairs = [(file, label) for label, files in enumerate(found.values()) for file in files]
    return Pictures(list(found), [file for file, _ in pairs], [label for _, label in pairs])


def _pictures_below(home: Path) -> list[Path]:
    return sorted(file for file in home.rglob("*") if file.suffix.lower() in ENDINGS and not file.name.startswith("."))
