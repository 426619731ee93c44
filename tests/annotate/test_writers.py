"""What annotate writes can be used: pages are valid and stand alone, notebooks execute, PDFs are PDFs."""

from __future__ import annotations

import json
import subprocess
import sys
from html import escape
from pathlib import Path

import html5lib
import nbformat
import pytest

from glassloop import templates
from glassloop.annotate import Code, document
from glassloop.annotate.html import to_html
from glassloop.annotate.markdown import to_markdown
from glassloop.annotate.notebook import to_notebook
from glassloop.annotate.pdf import find_browser
from tests.annotate.test_annotate import LADDER, LOOP, topics

ROOT = Path(__file__).parents[2]


@pytest.fixture(params=LADDER)
def rung(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    templates.write(templates.sources("digits", request.param), tmp_path)
    return tmp_path / "train.py"


@pytest.fixture
def script(tmp_path: Path) -> Path:
    path = tmp_path / "loop.py"
    path.write_text(LOOP)
    return path


def annotate(*args: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "glassloop", "annotate", *args]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True)


def test_the_authors_words_are_kept(script: Path) -> None:
    made = document(str(script))
    (row,) = [row for row in made.rows() if row.first == 17]
    assert row.comment == "forget the last step"
    for text in (to_html(made), to_markdown(made)):
        assert "How well does it do?" in text
        assert "forget the last step" in text


def test_the_page_is_valid_and_stands_alone(rung: Path) -> None:
    page = to_html(document(str(rung)))
    html5lib.HTMLParser(strict=True).parse(page)
    assert "http" not in page
    assert "<script" not in page
    assert "prefers-color-scheme: dark" in page


def test_what_breaks_is_linked_to_what_was_measured(script: Path) -> None:
    """The sentence on the page is the one that was published, and its link leads to it."""
    made = document(str(script))
    row = json.loads((ROOT / "bench" / "results" / "lab.json").read_text())["rows"]
    says = next(r["says"] for r in row if r["rule"] == "zero-grad-missing")
    page = to_html(made)
    assert escape(says) in page
    assert '<a href="#rule-zero-grad-missing">zero-grad-missing (measured)</a>' in page
    assert 'id="rule-zero-grad-missing"' in page
    assert says in to_markdown(made)


def test_a_page_shows_a_scripts_text_as_text(tmp_path: Path) -> None:
    path = tmp_path / "evil.py"
    path.write_text('"""<script>alert(1)</script>"""\n# <img src=x onerror=alert(1)>\nx = "</code></pre><script>\x0c\x1b"\n')
    page = to_html(document(str(path)))
    assert "<script" not in page
    assert "<img" not in page
    html5lib.HTMLParser(strict=True).parse(page)


def test_the_notebook_executes_and_does_what_the_script_does(tmp_path: Path) -> None:
    from nbclient import NotebookClient

    templates.write(templates.sources("spiral", "five_lines"), tmp_path / "mine")
    done = annotate("mine/train.py", "-o", "out.ipynb", "--args", "--epochs 2", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    notebook = nbformat.read(tmp_path / "out.ipynb", as_version=4)
    nbformat.validate(notebook)
    NotebookClient(notebook, timeout=600, resources={"metadata": {"path": str(tmp_path)}}).execute()
    printed = "".join(o.get("text", "") for cell in notebook.cells for o in cell.get("outputs", []))
    command = [sys.executable, "train.py", "--epochs", "2"]
    script = subprocess.run(command, cwd=tmp_path / "mine", capture_output=True, text=True)
    assert script.stdout.splitlines()[-1].startswith("final {")
    assert script.stdout.splitlines()[-1] == printed.strip().splitlines()[-1]


def code_of(path: Path) -> str:
    """All code cells of the notebook made from a script, in order."""
    made = json.loads(to_notebook(document(str(path)), path.read_text(), str(path.with_suffix(".ipynb"))))
    return "\n".join(cell["source"] for cell in made["cells"] if cell["cell_type"] == "code")


def test_a_cell_that_leaves_with_an_error_still_fails(tmp_path: Path) -> None:
    path = tmp_path / "leaves.py"
    for code, on in ((3, False), (0, True)):
        path.write_text(f"import sys\nif __name__ == '__main__':\n    sys.exit({code})\nprint('on')\n")
        done = subprocess.run([sys.executable, "-c", code_of(path)], cwd=tmp_path, capture_output=True, text=True)
        assert (done.returncode, done.stdout) == (code, "on\n" if on else "")


def test_a_notebook_keeps_its_cells(tmp_path: Path) -> None:
    lines = LOOP.splitlines()
    blank = {"metadata": {}, "outputs": [], "execution_count": None}
    cells = [
        {"cell_type": "markdown", "metadata": {}, "source": "# A *title*"},
        {"cell_type": "code", **blank, "source": f"%matplotlib inline\n{lines[0]}"},
        {"cell_type": "code", **blank, "source": "\n".join(lines[1:])},
    ]
    path = tmp_path / "loop.ipynb"
    path.write_text(json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))
    made = document(str(path))
    assert [block.cell for block in made.blocks if isinstance(block, Code)] == [2, 3]
    assert made.rows()[0].code.startswith("%matplotlib inline")
    assert "step" in topics(path)[23]
    assert "<em>title</em>" in to_html(made)
    again = json.loads(to_notebook(made, "", str(tmp_path / "out.ipynb")))
    kept = [cell["source"] for cell in again["cells"] if cell["cell_type"] == "code"]
    assert kept == [cell["source"] for cell in cells[1:]]


def test_it_loads_no_torch_and_is_quick(rung: Path) -> None:
    code = (
        "import sys, time; from glassloop.cli import main\n"
        f"sys.argv = ['glassloop', 'annotate', {str(rung)!r}, '-o', {str(rung.with_name('page.html'))!r}]\n"
        "try:\n    main()\nexcept SystemExit as stop:\n    assert not stop.code\n"
        "assert 'torch' not in sys.modules and 'numpy' not in sys.modules\n"
        "print(time.process_time())\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    # CPU time of the whole process. The aim is 1 s on a quiet machine; a busy one makes it longer.
    assert float(done.stdout.splitlines()[-1]) < 2.5


def test_a_pdf_is_printed_where_there_is_a_browser(script: Path) -> None:
    """Where there is none, the page lies beside and a line says so: `apt-get install chromium` makes the difference."""
    done = annotate(script.name, "-o", "loop.pdf", cwd=script.parent)
    assert done.returncode == 0, done.stderr
    if find_browser() is None:
        assert "no PDF" in done.stderr
    else:
        assert script.with_suffix(".pdf").read_bytes().startswith(b"%PDF")


def test_without_a_browser_the_page_lies_beside(script: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    done = annotate(script.name, "-o", "loop.pdf", cwd=script.parent)
    assert done.returncode == 0
    assert done.stderr.startswith("note: no PDF: no browser")
    assert script.with_suffix(".html").exists()
    assert not script.with_suffix(".pdf").exists()


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["nothing.py"], "nothing.py cannot be read"),
        (["loop.py", "-o", "loop.docx"], "loop.docx ends in none of .html, .ipynb, .pdf, .md"),
        (["loop.py", "-o", "nowhere/loop.html"], "cannot be written"),
        (["broken.py"], "is not valid Python"),
    ],
)
def test_bad_input_is_one_line(args: list[str], words: str, script: Path) -> None:
    script.with_name("broken.py").write_text("def f(:\n")
    done = annotate(*args, cwd=script.parent)
    assert done.returncode == 2
    assert words in done.stderr
    assert len(done.stderr.splitlines()) == 1
