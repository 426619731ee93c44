"""A CSV file as numbers: each column that is not a number becomes one column a category. Reads text alone, without torch.

A file that cannot be trained on is refused in one line that names the line and the column.
"""

import csv
import io
import math
from collections import Counter
from pathlib import Path
from typing import NamedTuple

from glassloop.errors import UserError, meant
from glassloop.kit.texts import read_text

MANY = 50  # a text column with more different values is a name or an address, not a category
FEWEST = 20  # rows; with fewer, a fifth of them says nothing


class Table(NamedTuple):
    """`rows` (n lists of numbers) under `columns`; `targets` are n numbers, or where `classes` has names, n places in it."""

    columns: list[str]  # of `rows`: a number's own name, or name=category
    rows: list[list[float]]
    targets: list[float]
    classes: list[str]  # sorted; empty for a regression


def read_table(path: Path, target: str, kind: str = "") -> Table:
    """The table in a CSV file whose first line names the columns; commas, semicolons, tabs and quotes are understood.

    `kind` is "classification" or "regression"; by default what `guess_kind` makes of the column `target`.
    Raises UserError for a file that cannot be read or trained on: a missing column, an empty cell, NaN, one class only.
    """
    header, cells = _read_cells(path)
    if target not in header:
        raise UserError(f"{path} has no column {target}; {meant(target, header)}it has {_listed(header)}")
    if len(header) < 2:
        raise UserError(f"{path} has the column {target} alone; add columns to predict it from")
    by_name = dict(zip(header, zip(*cells, strict=True), strict=True))
    wanted = by_name.pop(target)
    classes: list[str] = []
    if (kind or guess_kind(wanted)) == "classification":
        classes = _classes(path, target, wanted)
        place = {name: number for number, name in enumerate(classes)}
        targets = [float(place[text]) for text in wanted]
    else:
        targets = _numbers(path, target, wanted)
        if min(targets) == max(targets):
            raise UserError(f"{path}: column {target} is {wanted[0]} in every row; there is nothing to learn")
    columns: list[str] = []
    values: list[list[float]] = []
    for name, texts in by_name.items():
        for label, numbers in _as_numbers(path, name, texts):
            columns.append(label)
            values.append(numbers)
    return Table(columns, [list(row) for row in zip(*values, strict=True)], targets, classes)


def guess_kind(texts: tuple[str, ...]) -> str:
    """Is this target a class or a number? Up to 20 different whole numbers, or any text that is none, are classes."""
    different = set(texts)
    try:
        whole = all(float(text).is_integer() for text in different)
    except ValueError:
        return "classification"
    return "classification" if whole and len(different) <= 20 else "regression"


def _read_cells(path: Path) -> tuple[list[str], list[list[str]]]:
    """The header and the rows, as text, each row as long as the header and without an empty cell."""
    text = read_text(path)
    first = text.partition("\n")[0]
    separator = max(",;\t|", key=first.count)  # the one that the header has most of
    lines = csv.reader(io.StringIO(text), delimiter=separator, strict=True)
    cells: list[list[str]] = []
    places: list[int] = []
    try:
        for line in lines:
            if line:  # a blank line separates nothing
                cells.append([cell.strip() for cell in line])
                places.append(lines.line_num)
    except csv.Error as error:
        raise UserError(f"{path}, line {lines.line_num}: {error}; mend the quotes there") from None
    header, cells, places = cells[0], cells[1:], places[1:]
    twice = [name for place, name in enumerate(header) if name in header[:place]]
    if twice or "" in header:
        what = f"two columns are called {twice[0]}" if twice and twice[0] else "a column has no name"
        raise UserError(f"{path}: {what}; give each column a name of its own in the first line")
    for place, row in zip(places, cells, strict=True):
        if len(row) != len(header):
            raise UserError(f"{path}, line {place}: {len(row)} cells, and the first line names {len(header)}; mend it")
    _refuse_gaps(path, header, cells, places)
    if len(cells) < FEWEST:
        raise UserError(f"{path} has {len(cells)} rows; give at least {FEWEST}, a fifth of them is kept for validation")
    return header, cells


def _refuse_gaps(path: Path, header: list[str], cells: list[list[str]], places: list[int]) -> None:
    gaps = [(line, name, text) for line, row in zip(places, cells, strict=True)
            for name, text in zip(header, row, strict=True) if text.lower() in ("", "nan", "na", "n/a", "null")]  # fmt: skip
    if gaps:
        line, name, text = gaps[0]
        what = f"{len(gaps)} cells are empty or not a number, first" if len(gaps) > 1 else "there is no value"
        shown = f" ({text})" if text else ""
        raise UserError(f"{path}: {what} at line {line}, column {name}{shown}; fill them in or leave out those rows")


def _classes(path: Path, target: str, texts: tuple[str, ...]) -> list[str]:
    counts = Counter(texts)
    if len(counts) > len(texts) / 2:
        found = f"{len(counts)} different values in {len(texts)} rows"
        raise UserError(f"{path}: column {target} has {found}; give a target with few classes, or numbers for a regression")
    if len(counts) == 1:
        raise UserError(f"{path}: column {target} is {texts[0]} in every row; give at least two classes")
    rarest = min(counts, key=lambda name: (counts[name], name))
    if counts[rarest] < 5:
        rule = "give at least 5 of each class, a fifth of them is kept for validation"
        raise UserError(f"{path}: class {rarest} of column {target} has {counts[rarest]} rows; {rule}")
    return sorted(counts, key=_order)


def _order(text: str) -> tuple[float, str]:
    """Classes that are numbers stand in the order of numbers, after those that are not."""
    try:
        return float(text), text
    except ValueError:
        return -math.inf, text


def _as_numbers(path: Path, name: str, texts: tuple[str, ...]) -> list[tuple[str, list[float]]]:
    """A column's own numbers, or 0 and 1 for each of its categories."""
    try:
        [float(text) for text in texts]
    except ValueError:
        kinds = sorted(set(texts))
        if len(kinds) > MANY:
            example = next(text for text in texts if not _is_number(text))
            raise UserError(
                f"{path}: column {name} holds text with {len(kinds)} different values, as {example[:30]!r}; "
                f"a category has at most {MANY}: leave the column out, or make numbers of it"
            ) from None
        return [(f"{name}={kind}", [float(text == kind) for text in texts]) for kind in kinds]
    return [(name, _numbers(path, name, texts))]


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _numbers(path: Path, name: str, texts: tuple[str, ...]) -> list[float]:
    numbers = []
    for text in texts:
        if not _is_number(text) or not math.isfinite(float(text)):
            raise UserError(f"{path}: column {name} holds {text[:30]!r}, which is no finite number; mend it or leave it out")
        numbers.append(float(text))
    return numbers


def _listed(names: list[str]) -> str:
    shown = ", ".join(names[:8])
    return shown if len(names) <= 8 else f"{shown} and {len(names) - 8} more"
