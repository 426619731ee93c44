"""The house holds itself to its own law: floors, sizes, the tree, docstrings, who prints, what an import loads."""

import ast
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src" / "glassloop"
FILES = sorted(PACKAGE.rglob("*.py"))
LOOPS = [path for path in FILES if path.is_relative_to(PACKAGE / "loops")]
SCRIPTS = (PACKAGE / "lab" / "loops", PACKAGE / "lab" / "claims" / "listings")  # what the lab runs
TEXTS = [path for path in FILES if path.parent in SCRIPTS]
HOUSE = [path for path in FILES if path not in LOOPS and path not in TEXTS]

NESTING = (ast.If, ast.For, ast.While, ast.With, ast.Try, ast.Match)
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def name(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, FUNCTIONS):
            yield node


def nesting(node: ast.AST) -> int:
    """How deep blocks lie in each other below `node`; an `elif` lies beside its `if`."""
    deepest = 0
    for child in ast.iter_child_nodes(node):
        is_elif = isinstance(node, ast.If) and isinstance(child, ast.If) and node.orelse == [child]
        deepest = max(deepest, nesting(child) + (isinstance(child, NESTING) and not is_elif))
    return deepest


def test_imports_only_go_down() -> None:
    command = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([command], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_the_tree_is_the_documented_one() -> None:
    """CONTRIBUTING.md shows the tree: it names what exists, nothing else, and nothing that is empty."""
    page = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    tree = page[page.index("src/glassloop/\n") :].split("```")[0]
    documented = set(re.findall(r"^  (\S+?)/?\s", tree, re.MULTILINE))
    assert documented == {path.name for path in PACKAGE.iterdir() if path.name != "__pycache__"}


def test_no_module_is_empty() -> None:
    for path in FILES:
        assert ast.parse(path.read_text(encoding="utf-8")).body, f"{name(path)} is empty"
    for folder in (path for path in PACKAGE.rglob("*") if path.is_dir() and path.name != "__pycache__"):
        assert any(path.is_file() for path in folder.rglob("*")), f"{name(folder)} holds nothing"


@pytest.mark.parametrize("path", FILES, ids=name)
def test_a_file_is_read_in_one_sitting(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 400


def test_a_rule_is_small() -> None:
    """Beside its experiment, which is a table of what was seen."""
    for path in (PACKAGE / "rules").glob("*.py"):
        text = path.read_text(encoding="utf-8")
        named = [node for node in ast.parse(text).body if isinstance(node, ast.Assign)]
        table = [node for node in named if ast.unparse(node.targets[0]) == "EXPERIMENT"]
        with_import_and_blank = sum((node.end_lineno or node.lineno) - node.lineno + 3 for node in table)
        rest = len(text.splitlines()) - with_import_and_blank
        assert rest <= 200, name(path)


@pytest.mark.parametrize("path", HOUSE, ids=name)
def test_a_function_is_short_and_flat(path: Path) -> None:
    for function in functions(path):
        lines = (function.end_lineno or function.lineno) - function.lineno + 1
        assert lines <= 60, f"{function.name} has {lines} lines"
        assert nesting(function) <= 3, f"{function.name} is nested {nesting(function)} deep"


@pytest.mark.parametrize("path", HOUSE, ids=name)
def test_what_is_public_says_what_it_gives(path: Path) -> None:
    module = ast.parse(path.read_text(encoding="utf-8"))
    assert ast.get_docstring(module), "the module has no docstring"
    blocks: list[ast.Module | ast.ClassDef] = [module, *(node for node in module.body if isinstance(node, ast.ClassDef))]
    for block in blocks:
        for node in block.body:
            if isinstance(node, (*FUNCTIONS, ast.ClassDef)) and not node.name.startswith("_"):
                assert ast.get_docstring(node), f"{node.name} has no docstring"


@pytest.mark.parametrize("path", LOOPS, ids=name)
def test_a_loop_says_what_it_is(path: Path) -> None:
    if path.parent.parent.name != "project":  # those are the second half of a file
        assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))


@pytest.mark.parametrize("path", HOUSE, ids=name)
def test_only_those_print_whose_work_it_is(path: Path) -> None:
    if name(path).startswith("cli/") or name(path) == "kit/progress.py":
        return
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        calls_print = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
        assert not calls_print, f"line {getattr(node, 'lineno', 0)} prints"


@pytest.mark.parametrize("path", LOOPS, ids=name)
def test_a_loop_stands_on_torch_and_the_kit_alone(path: Path) -> None:
    known = {"torch", "numpy", "sklearn", "torchmetrics", "tyro", "PIL", "matplotlib", "task", "config"}
    known |= {"gymnasium", "timm", "torchvision"}  # a task says which line installs them
    for module in imported(path):
        top = module.split(".")[0]
        ours = module == "glassloop.errors" or module.startswith("glassloop.kit")
        assert ours or top in known or top in sys.stdlib_module_names, f"imports {module}"


def imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


@pytest.mark.parametrize(
    "start",
    ["import glassloop", *(f"sys.argv[1:] = {words}; cli()" for words in (["--help"], ["new", "--list"], ["verify", "."]))],
    ids=["import", "--help", "new --list", "verify"],
)
def test_what_only_reads_text_loads_neither_torch_nor_numpy(start: str) -> None:
    code = f"""
import json, sys
def cli():
    from glassloop.cli import main
    try:
        main()
    except SystemExit:
        pass
{start}
print(json.dumps(sorted({{"torch", "numpy", "matplotlib"}} & set(sys.modules))))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout.splitlines()[-1]) == []
