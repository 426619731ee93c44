"""The command line is tested as it is used: in processes of its own."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Done = subprocess.CompletedProcess[str]


@pytest.fixture
def command(tmp_path: Path) -> Callable[..., Done]:
    """`command("run", "x.py", env={...})` runs `glassloop run x.py` in the test's folder."""

    def call(*words: str, env: dict[str, str] | None = None, timeout: float = 300) -> Done:
        surroundings = {**os.environ, "COLUMNS": "100", "OMP_NUM_THREADS": "1", **(env or {})}
        surroundings.pop("GLASSLOOP_DEBUG", None)
        return subprocess.run(
            [sys.executable, "-m", "glassloop", *words],
            cwd=tmp_path,
            env=surroundings,
            capture_output=True,
            text=True,
            timeout=timeout,
        )

    return call


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str, str], Path]:
    """`write("a.py", text)` puts a file in the test's folder."""

    def put(name: str, text: str) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    return put
