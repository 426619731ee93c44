import shutil

import pytest

from glassloop import templates

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


@pytest.fixture
def project_with(make_project):
    """`project_with(task, NAME=value, ...)`: a copy whose task has these constants."""

    def make(name, **constants):
        project = make_project(name)
        task = project / "task.py"
        task.write_text(templates.with_constants(task.read_text(), constants))
        return project

    return make
