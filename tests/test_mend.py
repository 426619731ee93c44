"""check --fix: what it changes is right, keeps the rest byte for byte, and what it cannot know it leaves."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import pytest

from glassloop.check import check_paths
from glassloop.mend import mend_paths
from glassloop.rules import all_rules

CASES = Path(__file__).parent / "cases"
RULES = {rule.name: rule for rule in all_rules()}
LOOP = """\
import torch
from torch import nn

model = nn.Linear(3, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for epoch in range(2):
    for x, y in [(torch.randn(4, 3), torch.randn(4, 1))] * 2:
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(model(x), y)
        loss.backward()   # gradients,  with two spaces
        optimizer.step()
        nn.utils.clip_grad_norm_(  # the clip
            model.parameters(),
            1.0,  # the bound
        )  # and its end
    print(epoch)
"""


def mended(path: Path, data: bytes, **how: bool) -> bytes:
    path.write_bytes(data)
    return mend_paths([path], **how).after[str(path)]


def test_a_moved_statement_keeps_its_comments_and_the_rest_is_untouched(tmp_path: Path):
    lines = LOOP.splitlines(keepends=True)
    expected = "".join([*lines[:10], *lines[11:15], lines[10], *lines[15:]])
    assert mended(tmp_path / "train.py", LOOP.encode()).decode() == expected


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_encoding_and_line_ends_stay(tmp_path: Path, encoding: str, line_end: str):
    head = "# -*- coding: latin-1 -*-\n" if encoding == "latin-1" else ""
    text = head + LOOP.replace("# the clip", "# größe").replace("'", '"')
    data = text.replace("\n", line_end).encode(encoding)
    after = mended(tmp_path / "train.py", data)
    assert sorted(after.split(b"\n")) == sorted(data.split(b"\n"))
    assert after != data


def test_names_that_change_on_the_way_stop_a_move(tmp_path: Path):
    path = tmp_path / "train.py"
    text = LOOP.replace("optimizer.step()", "optimizer.step()\n        bound = loss.item()")
    path.write_text(text.replace("1.0,", "bound,"))
    result = mend_paths([path])
    assert not result.after
    assert "names that it uses change on the way" in result.left[0][1]


def test_a_mend_that_only_hides_its_finding_is_refused(tmp_path: Path):
    """`closure.zero_grad()` would make the reader lose sight, not the gradients go."""
    bad = RULES["zero-grad-missing"].bad.replace("optimizer.step()", "optimizer.step(lambda: loss)")
    after = mended(tmp_path / "train.py", bad.encode()).decode()
    assert "    optimizer.zero_grad()\n" in after


def test_a_notebook_is_mended_in_its_cells(tmp_path: Path):
    head, tail = LOOP.split("for epoch", 1)
    cells = [
        {"cell_type": "markdown", "source": ["# words"], "metadata": {}},
        {"cell_type": "code", "source": ["%matplotlib inline\n", *head.splitlines(keepends=True)], "outputs": [1]},
        {"cell_type": "code", "source": ["%%bash\n", "ls"]},
        {"cell_type": "code", "source": f"%%time\nif True:\n    !ls\nfor epoch{tail.rstrip()}"},
    ]
    document = {"cells": cells, "metadata": {"kernel": "ü"}}
    path = tmp_path / "train.ipynb"
    after = mended(path, json.dumps(document, indent=1, ensure_ascii=False).encode() + b"\n")
    new = json.loads(after)
    assert after.startswith(b'{\n "cells"')
    assert after.endswith(b"}\n")
    assert new["cells"][:3] == cells[:3]
    assert new["metadata"] == document["metadata"]
    source = new["cells"][3]["source"]
    assert source.startswith("%%time\nif True:\n    !ls\nfor epoch")
    assert source.index("clip_grad_norm_") < source.index("optimizer.step()")
    assert sorted(source.split("\n")) == sorted(cells[3]["source"].split("\n"))


@pytest.mark.parametrize("rule", [r for r in RULES.values() if r.card.safe], ids=lambda r: r.name)
def test_every_rule_that_says_it_mends_does(tmp_path: Path, rule):
    path = tmp_path / "train.py"
    after = mended(path, rule.bad.encode())
    path.write_bytes(after)
    assert not [f for f in check_paths([path]).findings if f.severity.value != "info"]
    compile(after, "train.py", "exec")


def test_mending_leaves_other_files_and_right_ones_alone():
    """On every right case there is nothing to mend; on the bad ones every result compiles and is clean of its rule."""
    files = sorted(CASES.glob("*-*/*_ok.py"))[::5] + sorted((CASES / "right").glob("*.py"))
    assert not mend_paths(files, unsafe=True).after
    bad = sorted(CASES.glob("*-*/*_bad.py"))[::4]
    done = 0
    for path in bad:
        for data in mend_paths([path], unsafe=True).after.values():
            done += 1
            ast.parse(data)
            rules = {f.rule for f in check_paths([path], given={str(path): data}).findings}
            assert path.parent.name not in rules, path
    safe = [path for path in bad if RULES[path.parent.name].card.safe]
    assert done >= 2 * len(safe) // 3


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ("model(x).softmax(1)", "model(x)"),
        ("model(x).softmax(dim=-1)", "model(x)"),
        ("torch.softmax(model(x), 1)", "model(x)"),
        ("nn.functional.softmax(model(x), dim=1)", "model(x)"),
        ("nn.Softmax(1)(model(x))", "model(x)"),
        ("model(x).softmax(dimension)", None),
    ],
)
def test_a_softmax_is_left_out_and_what_it_was_done_to_stays(tmp_path: Path, given: str, wanted: str | None):
    text = RULES["zero-grad-missing"].good.replace("nn.Linear(3, 1)", "nn.Linear(3, 5)")
    text = text.replace("x = ", "dimension = 1\n    x = ")
    loss = "nn.functional.mse_loss(model(x), x.sum(1, keepdim=True))"
    text = text.replace(loss, f"nn.functional.cross_entropy({given}, torch.randint(0, 5, (4,)))")
    path = tmp_path / "train.py"
    path.write_text(text, encoding="utf-8")
    assert [f.rule for f in check_paths([path]).findings] == ["softmax-before-cross-entropy"]
    after = mend_paths([path], unsafe=True).after
    expected = {} if wanted is None else {str(path): text.replace(given, wanted).encode()}
    assert after == expected
