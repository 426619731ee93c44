"""Projects around `tiny_task.py`: the shipped loop, a task that trains in a moment, and what a test replaces in it."""

import importlib.util
import shutil
import textwrap
from pathlib import Path

from .harness import LOOPS


def make_tiny(folder, replaced="", loop="production"):
    """`folder` with train.py, config.py and the tiny task; `replaced` is appended to the task, so it has the last word."""
    folder.mkdir(parents=True)
    for name in ("train.py", "config.py"):
        shutil.copy(LOOPS / loop / name, folder)
    text = Path(__file__).with_name("tiny_task.py").read_text()
    (folder / "task.py").write_text(f"{text}\n\n{textwrap.dedent(replaced)}")
    return folder


def task_of(project):
    """The project's task as a module, in this process."""
    spec = importlib.util.spec_from_file_location(f"task_of_{project.parent.name}", project / "task.py")
    task = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(task)
    return task
