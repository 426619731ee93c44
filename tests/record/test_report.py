"""report.html: whole in one file, right with any text, and there for the poorest record."""

import json
import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

from glassloop.errors import UserError
from glassloop.record import curves, manifest
from glassloop.record.report import write_report

HOSTILE = "</style></script><script>alert(1)</script><img src=x onerror=alert(2)>\"'&{{x}}\u202e"
ROWS = [
    {"epoch": i + 1, "step": 10 * i, "train_loss": 1 / (i + 1), "val_loss": 1.1 / (i + 1), "val_accuracy": i / 5, "lr": 0.1}
    for i in range(5)
]


def make_run(folder: Path, text: str = "print(1)\n", **facts: object) -> Path:
    script = folder.parent / "train.py"
    script.write_text(text)
    start = {"command": ["python", "train.py"], "sources": [script], "config": None, "seed": None, **facts}
    manifest.start(folder, **start)  # type: ignore[arg-type]
    return folder


class Page(HTMLParser):
    """What a browser would build: tags with their attributes, and the text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def test_a_run_with_nothing_but_its_source(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run")
    page = Page(write_report(run).read_text(encoding="utf-8"))
    assert "running" in page.text
    assert "print(1)" in page.text
    assert "Curves" not in page.text
    assert not (run / "curves.png").exists()


def test_a_whole_run(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run", config={"lr": 0.1})
    (run / "history.json").write_text(json.dumps(ROWS))
    (run / "pictures").mkdir()
    (run / "pictures" / "a.png").write_bytes(b"\x89PNG....")
    (run / "pictures" / "b.webp").write_bytes(b"RIFF....WEBP")
    (run / "pictures" / "c.txt").write_text("not a picture")
    manifest.finish(run, exit_code=0, seconds=12.0, final={"val_loss": 0.22, "val_accuracy": 0.8})
    text = write_report(run).read_text(encoding="utf-8")
    page = Page(text)
    assert re.search(r"<dl class=\"result\"><div><dt>validation accuracy</dt><dd>0\.8000</dd>", text)  # the metric is first
    sources = [attributes["src"] or "" for tag, attributes in page.tags if tag == "img"]
    assert [source.split(";")[0] for source in sources] == ["data:image/png", "data:image/webp"]
    assert (run / "curves.png").read_bytes().startswith(b"\x89PNG")
    assert "validation loss" in page.text  # in the legend: the curve is drawn as text and lines
    assert "prefers-color-scheme: dark" in text
    assert "@media print" in text


def test_it_opens_offline(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run")
    (run / "history.json").write_text(json.dumps(ROWS))
    page = Page(write_report(run).read_text(encoding="utf-8"))
    assert not {"script", "link", "iframe", "object", "base"} & {tag for tag, _ in page.tags}
    for tag, attributes in page.tags:
        for name in ("src", "href", "xlink:href", "action"):
            value = attributes.get(name) or ""
            assert value.startswith(("data:", "#")) or not value, f"<{tag} {name}={value}>"
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(ids) == len(set(ids))


def test_hostile_text_stays_text(tmp_path: Path) -> None:
    run = make_run(
        tmp_path / "run",
        text=f"x = '''{HOSTILE}'''\n",
        command=["python", HOSTILE],
        config={HOSTILE: HOSTILE},
        data={HOSTILE: HOSTILE},
    )
    (run / "history.json").write_text(json.dumps([{**row, HOSTILE + "$": 1.0, "note": HOSTILE} for row in ROWS]))
    (run / "pictures").mkdir()
    (run / "pictures" / "<img onerror=x>.png").write_bytes(b"x")
    manifest.finish(run, exit_code=0, seconds=1.0, final={HOSTILE: HOSTILE})
    page = Page(write_report(run).read_text(encoding="utf-8"))
    assert not {"script", "iframe"} & {tag for tag, _ in page.tags}
    assert not any(name.startswith("on") for _, attributes in page.tags for name in attributes)
    assert page.text.count("alert(1)") >= 6  # it is all there, to be read


@pytest.mark.parametrize("rows", [[{"epoch": 1, "loss": None}], [{"epoch": 1}], [], {}, [3], [{"epoch": "x", "loss": 1}]])
def test_odd_histories_are_shown_as_far_as_they_go(tmp_path: Path, rows: object) -> None:
    run = make_run(tmp_path / "run")
    (run / "history.json").write_text(json.dumps(rows))
    assert write_report(run).exists()


def test_what_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"holds no run.json"):
        write_report(tmp_path)
    run = make_run(tmp_path / "run")
    (run / "history.json").write_text("[{")
    with pytest.raises(UserError, match=r"history.json cannot be read"):
        write_report(run)


def test_the_same_rows_make_the_same_drawing() -> None:
    assert curves.as_svg(ROWS) == curves.as_svg(ROWS) != ""


def test_without_matplotlib_there_is_a_report_all_the_same(tmp_path: Path) -> None:
    run = make_run(tmp_path / "run")
    (run / "history.json").write_text(json.dumps(ROWS))
    code = (
        "import sys; sys.modules['matplotlib'] = None\n"
        "from pathlib import Path; from glassloop.record.report import write_report; write_report(Path(sys.argv[1]))"
    )
    subprocess.run([sys.executable, "-c", code, str(run)], check=True, env=dict(os.environ))
    assert "History" in (run / "report.html").read_text(encoding="utf-8")
    assert not (run / "curves.png").exists()
