import shutil

import pytest

from .harness import LOOPS


@pytest.fixture(scope="session")
def make_project(tmp_path_factory):
    """`make_project(task, loop)` copies a loop and a task as `glassloop new` does."""

    def make(task="digits", loop="production"):
        folder = tmp_path_factory.mktemp(f"{task}-{loop}") / "project"
        folder.mkdir()
        for name in ("train.py", "config.py"):
            shutil.copy(LOOPS / loop / name, folder)
        shutil.copy(LOOPS / "tasks" / f"{task}.py", folder / "task.py")
        return folder

    return make
