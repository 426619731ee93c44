"""CSV files become numbers, or are refused with the line, the column and the remedy."""

import re

import pytest

from glassloop.errors import UserError
from glassloop.kit.tables import FEWEST, MANY, read_table

ROWS = [(i, f"{i / 2}", ("red", "blue, dark")[i % 2], ("no", "yes")[i % 3 == 0]) for i in range(30)]


def write(path, rows=ROWS, header="n,half,colour,bought", separator=","):
    quoted = [separator.join(f'"{cell}"' if separator in str(cell) else str(cell) for cell in row) for row in rows]
    path.write_text("\n".join((header.replace(",", separator), *quoted)) + "\n", encoding="utf-8")
    return path


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_numbers_stay_and_texts_become_a_column_each(tmp_path, separator):
    table = read_table(write(tmp_path / "a.csv", separator=separator), "bought")
    assert table.columns == ["n", "half", "colour=blue, dark", "colour=red"]
    assert table.rows[:2] == [[0.0, 0.0, 0.0, 1.0], [1.0, 0.5, 1.0, 0.0]]
    assert table.classes == ["no", "yes"]
    assert table.targets[:4] == [1.0, 0.0, 0.0, 1.0]
    assert len(table.rows) == len(table.targets) == 30


def test_what_stands_in_quotes_is_one_cell(tmp_path):
    path = write(tmp_path / "a.csv", [(i, '"two ""quoted""\nlines"' if i % 2 else "b", i % 2) for i in range(30)], "n,t,y")
    text = path.read_text().replace("\n\n", "\n") + "\n"  # and a blank line at the end
    path.write_bytes(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())
    assert read_table(path, "y").columns == ["n", "t=b", 't=two "quoted"\nlines']


def test_a_number_is_a_class_or_a_regression(tmp_path):
    path = write(tmp_path / "a.csv", [(i, i % 3 + 8, i / 7) for i in range(30)], "n,grade,y")
    assert read_table(path, "grade").classes == ["8", "9", "10"]  # in the order of numbers
    assert read_table(path, "y").classes == []
    assert read_table(path, "y").targets[7] == 1.0
    assert read_table(path, "grade", "regression").targets[:3] == [8.0, 9.0, 10.0]


def changed(row, column, value):
    return [tuple(value if (i, j) == (row, column) else cell for j, cell in enumerate(r)) for i, r in enumerate(ROWS)]


@pytest.mark.parametrize(
    ("rows", "target", "said"),
    [
        (ROWS, "bougth", "has no column bougth; did you mean bought? it has n, half, colour, bought"),
        (changed(4, 1, ""), "bought", "there is no value at line 6, column half; fill them in or leave out those rows"),
        (changed(4, 1, "NaN"), "bought", "there is no value at line 6, column half (NaN)"),
        ([(*row[:2], "", row[3]) for row in ROWS], "bought", "30 cells are empty or not a number, first at line 2"),
        (changed(4, 1, "inf"), "bought", "column half holds 'inf', which is no finite number"),
        (changed(4, 3, "perhaps"), "bought", "class perhaps of column bought has 1 rows; give at least 5 of each class"),
        ([(*row[:3], "no") for row in ROWS], "bought", "column bought is no in every row; give at least two classes"),
        ([(*row[:3], f"id{row[0]}") for row in ROWS], "bought", "column bought has 30 different values in 30 rows"),
        ([(*row[:3], 0.5) for row in ROWS], "bought", "column bought is 0.5 in every row; there is nothing to learn"),
        ([(f"id-{i}", *ROWS[i % 30][1:]) for i in range(MANY + 1)], "bought", "column n holds text with 51 different"),
        (ROWS[: FEWEST - 1], "bought", "has 19 rows; give at least 20"),
        ([], "bought", "has 0 rows"),
        ([*ROWS, (1, 2)], "bought", "line 32: 2 cells, and the first line names 4; mend it"),
        ([*ROWS, ('"open', 1, 2, "no")], "bought", "line 32: unexpected end of data; mend the quotes"),
    ],
)  # fmt: skip
def test_refusals(tmp_path, rows, target, said):
    with pytest.raises(UserError, match=re.escape(said)) as refused:
        read_table(write(tmp_path / "a.csv", rows), target)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ("n,n,colour,bought", "two columns are called n"),
        ("n,,colour,bought", "a column has no name"),
    ],
)
def test_refused_headers(tmp_path, header, said):
    with pytest.raises(UserError, match=said):
        read_table(write(tmp_path / "a.csv", header=header), "bought")


def test_a_target_alone_is_refused(tmp_path):
    with pytest.raises(UserError, match="has the column y alone"):
        read_table(write(tmp_path / "a.csv", [(i,) for i in range(30)], "y"), "y")
