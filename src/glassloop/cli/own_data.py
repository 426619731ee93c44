"""What `glassloop new --data` looks at before it copies: data that cannot be trained on is refused here, not after a start.

Gives the constants of the task that follow from the data; whoever owns the copy may edit them.
"""

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from glassloop.errors import UserError
from glassloop.kit.pictures import Pictures, check_pictures, list_pictures
from glassloop.kit.tables import read_table
from glassloop.kit.texts import read_text


class Seen(NamedTuple):
    """What the data gave: constants of the task, and a sentence about it."""

    constants: dict[str, object]
    says: str


def look_at(template: str, data: Path, target: str | None) -> Seen:
    """Read `data` for `template`: all of a table or a text, the names and up to 1,000 headers of pictures.

    Raises UserError for data that is missing, damaged, too little or of another kind, and for a template without such data.
    """
    if template not in _LOOKS:
        raise UserError(f"{template} brings its own data; --data is for {', '.join(_LOOKS)}")
    if target is not None and template != "tabular":
        raise UserError(f"--target is a column of a table; leave it out for {template}")
    return _LOOKS[template](data.absolute(), target)


def _table(path: Path, target: str | None) -> Seen:
    if target is None:
        raise UserError(f"say which column of {path.name} to predict: --target COLUMN")
    table = read_table(path, target)
    kind = "classification" if table.classes else "regression"
    rows = len(table.rows)
    if table.classes:
        counts = Counter(table.classes[int(place)] for place in table.targets)
        aim = f"classes of {target}: {_listed(counts)}"
    else:
        aim = f"{target} from {min(table.targets):g} to {max(table.targets):g}"
    return Seen(
        {"DATA": str(path), "TARGET": target, "KIND": kind, **_lengths(rows, 32, steps=300)},
        f"{rows:,} rows, {len(table.columns)} columns as numbers; {kind}, {aim}. {rows - rows // 5:,} rows train, "
        f"{rows // 5:,} validate",
    )


def _pictures(path: Path, _target: str | None) -> Seen:
    found = list_pictures(path)
    counts = Counter(found.classes[label] for label in found.labels)
    size = _size(found)
    held_out = len(found.validation.files) if found.validation else -(-len(found.files) // 5)
    train = len(found.files) - (0 if found.validation else held_out)
    return Seen(
        {"DATA": str(path), **_lengths(train * 5 // 4, 32, steps=430)},
        f"{len(found.files) + (held_out if found.validation else 0):,} pictures{size}; classes: {_listed(counts)}. "
        f"{train:,} train, {held_out:,} validate",
    )


def _size(found: Pictures) -> str:
    """Their median size, where PIL is installed to read it."""
    try:
        width, height, _ = check_pictures(found.files)
        if found.validation:
            check_pictures(found.validation.files)
    except ImportError:  # the copy needs it; to copy does not
        return ""
    return f" of about {width}x{height} pixels"


def _text(path: Path, _target: str | None) -> Seen:
    text = read_text(path)
    least = 2600
    if len(text) < least:
        raise UserError(f"{path} has {len(text)} characters; give at least {least:,}, a tenth is kept for validation")
    windows = len(text) * 9 // 10 // 128
    epochs = _between(2, -(-650 * 16 // windows), 50)
    lines, kinds = text.count("\n") + 1, len(set(text))
    says = f"{len(text):,} characters in {lines:,} lines, {kinds} different ones. The last tenth validates"
    return Seen({"DATA": str(path), "EPOCHS": epochs}, says)


def _lengths(samples: int, batch: int, steps: int) -> dict[str, object]:
    """A batch size that the samples fill, and as many epochs as make about `steps` steps."""
    train = samples - -(-samples // 5)
    batch = min(batch, train)
    return {"BATCH_SIZE": batch, "EPOCHS": _between(10, -(-steps * batch // train), 60)}


def _between(low: int, value: int, high: int) -> int:
    return max(low, min(value, high))


def _listed(counts: "Counter[str]") -> str:
    shown = ", ".join(f"{name} {number:,}" for name, number in list(counts.items())[:8])
    return shown if len(counts) <= 8 else f"{shown} and {len(counts) - 8} more"


_LOOKS: dict[str, Callable[[Path, str | None], Seen]] = {"images": _pictures, "tabular": _table, "text": _text}
