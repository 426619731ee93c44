"""Two runs: what differs is named, where it first does; what is the same is called so."""

import json
from pathlib import Path

import html5lib
import pytest

from glassloop.compare import compare
from glassloop.compare.page import to_html, to_text
from glassloop.errors import UserError
from tests.audit.written import TRAIN, Written, honest, shuffled

HOSTILE = "</code><script>alert(1)</script><img src=http://x/y>\x1b[2J\u202e"


def with_source(written: Written, text: str) -> Path:
    folder = written.end()
    (folder / "source").mkdir()
    (folder / "source" / "train.py").write_text(text)
    run = json.loads((folder / "run.json").read_text())
    run["sources"] = {"train.py": str(hash(text))}
    run["config"] = {"lr": 0.1 if "0.1" in text else 0.2, "run_dir": str(folder)}
    (folder / "run.json").write_text(json.dumps(run))
    return folder


def test_a_run_and_its_repetition_are_the_same_training(tmp_path: Path) -> None:
    a, b = (with_source(honest(tmp_path / name), "lr = 0.1\n") for name in "ab")
    found = compare(a, b)
    assert found.same
    assert (found.source, found.config, found.order, found.data) == ([], [], None, [])  # where they lie does not count
    assert found.parted is not None
    assert (found.parted.rows, found.parted.steps) == (0, (90, 90))
    assert next(iter(to_text(found))) == "the same training"


def test_what_differs_is_named(tmp_path: Path) -> None:
    """Another text, another setting, two samples exchanged in the last epoch, one sample with other bytes."""
    a = with_source(honest(tmp_path / "a"), "print()\nlr = 0.1\n")
    written = honest(tmp_path / "b", epochs=2)
    order = shuffled(300, 2)
    order[205], order[206] = order[206], order[205]
    written.epoch(order, 2)
    written.evaluate(range(60))
    rows = [json.loads(line) for line in (written.folder / "data" / "loader-0.jsonl").read_text().splitlines()]
    rows[7]["d"], rows[9]["y"] = "00" * 16, 5
    written.write_data(TRAIN, rows)
    found = compare(a, with_source(written, "print()\nlr = 0.2\n"))
    assert not found.same
    assert [(one.name, one.a, one.b) for one in found.config] == [("lr", 0.1, 0.2)]
    assert found.source[0].lines[-2:] == ("-lr = 0.1", "+lr = 0.2")
    assert found.order is not None
    assert (found.order.step, found.order.place) == (81, 5)
    assert (found.order.b, found.order.a) == (order[205], order[206])
    assert [(one.name, one.b) for one in found.data] == [
        ("loader 0: samples with other bytes", 1), ("loader 0: samples with another label", 1),
    ]  # fmt: skip
    text = "\n".join(to_text(found))
    assert f"from step 81 on: its sample 6 is index {order[206]} in A, index {order[205]} in B" in text
    assert "train.py: 1 lines removed, 1 added" in text


def test_the_first_step_that_differs_and_what_in(tmp_path: Path) -> None:
    a = honest(tmp_path / "a", epochs=1).end()
    written = honest(tmp_path / "b", epochs=0)
    for step, start in enumerate(range(0, 300, 10), 1):
        handed = written.records(TRAIN, [shuffled(300, 0)[start : start + 10]], start == 0)
        loss = 1.0 if step < 20 else 1.0000001
        written.ledger.append("step", step=step, epoch=0, **handed, lr=[0.1], loss=loss)
    written.step = 30
    written.evaluate(range(60))
    found = compare(a, written.end())
    assert found.parted is not None
    assert (found.parted.first[0].step, found.parted.first[0].cause, found.parted.rows) == (20, "loss", 11)
    assert not found.same
    assert found.order is None


def test_a_run_without_ledger_is_compared_in_what_it_has(tmp_path: Path) -> None:
    a, b = honest(tmp_path / "a").end(), honest(tmp_path / "b").end()
    (b / "ledger.jsonl").unlink()
    found = compare(a, b)
    assert not found.same
    assert found.missing[0].startswith("B has no ledger")
    with pytest.raises(UserError, match="no run"):
        compare(a, tmp_path)


def test_the_page_stands_alone_and_a_strangers_text_stays_text(tmp_path: Path) -> None:
    a = with_source(honest(tmp_path / "a"), f"lr = 0.1\n# {HOSTILE}\n")
    b = with_source(honest(tmp_path / HOSTILE.replace("/", "_")), "lr = 0.2\n")
    page = to_html(compare(a, b))
    tree = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(page)
    assert not {"script", "link", "iframe", "img", "object"} & {str(one.tag) for one in tree.iter()}
    assert not [one for one in tree.iter() if one.get("src") or (one.get("href") or "#")[0] != "#"]
    assert "Content-Security-Policy" in page
    assert "prefers-color-scheme: dark" in page
    assert "training loss, A" in page
    assert "\x1b" not in page + "\n".join(to_text(compare(a, b)))
