"""A second Ctrl-C stops at once, whatever the workers are doing."""

import os
import signal
import time

from .harness import start
from .tiny import make_tiny

SLOW = """
    class Slow(torch.utils.data.Dataset):
        def __len__(self):
            return 44

        def __getitem__(self, index):
            if torch.utils.data.get_worker_info():  # not in the pre-flight, which is in the main process
                import time; time.sleep(3000)
            return torch.randn(4), 0

    def make_data():
        return Slow(), Slow()
"""


def test_a_second_ctrl_c_does_not_wait_for_a_worker(tmp_path):
    running = start(make_tiny(tmp_path / "project", SLOW), "--run-dir", tmp_path / "run", "--workers", 2)
    until = time.time() + 600
    while "steps on" not in running.stdout():
        assert running.process.is_alive(), running.wait()
        assert time.time() < until
        time.sleep(0.05)
    time.sleep(1)
    began = time.time()
    os.kill(running.pid, signal.SIGINT)
    time.sleep(0.3)
    os.kill(running.pid, signal.SIGINT)
    ended = running.wait()
    assert time.time() - began < 300  # a sample takes 3000
    assert ended.code == 130, ended
    assert "stopped at once" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_an_exception_ends_the_run_although_workers_wait(tmp_path):
    """A worker takes one SIGTERM for a batch system's notice, and Python's exit sends just one, then waits for it."""
    project = make_tiny(
        tmp_path / "project",
        """
        def after_epoch(model, epoch, folder):
            raise RuntimeError("a bug of the owner's")
        """,
    )
    ended = start(project, "--run-dir", tmp_path / "run", "--workers", 2).wait(timeout=900)
    assert ended.code == 1
    assert "a bug of the owner's" in ended.stderr
