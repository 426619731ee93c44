"""Calls in processes of their own: values come back in order, and every way to fail is said in words."""

import subprocess
import sys
import time
from pathlib import Path

from glassloop.lab.pool import Call, run_all


def test_values_come_back_in_the_order_of_the_calls() -> None:
    seen: list[int] = []
    calls = [Call("math:sqrt", (float(n * n),)) for n in range(5)]
    assert [done.value for done in run_all(calls, workers=2, each=lambda index, _: seen.append(index))] == [0, 1, 2, 3, 4]
    assert sorted(seen) == [0, 1, 2, 3, 4]


def test_every_failure_is_said() -> None:
    calls = [
        Call("time:sleep", (60,), limit=0.5),
        Call("os:_exit", (3,)),
        Call("math:sqrt", (-1,)),
        Call("builtins:print", ("hello",)),
    ]
    late, dead, raised, fine = run_all(calls, workers=2)
    assert late.error == "it took longer than 0.5 s"
    assert dead.error == "its process ended with exit code 3"
    assert raised.error == "ValueError: math domain error"
    assert (fine.value, fine.error, fine.output) == (None, "", "hello\n")


def test_one_call_leaves_nothing_to_the_next_and_torch_is_only_in_theirs() -> None:
    code = """
import sys
from glassloop.lab.pool import Call, run_all
if __name__ == "__main__":
    numbers = run_all([Call("random:random"), Call("os:putenv", ("A", "b")), Call("os:getenv", ("A",))], workers=1)
    loaded = run_all([Call("builtins:eval", ("'torch' in __import__('sys').modules",))])
    print(numbers[2].value, loaded[0].value, "torch" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["None", "True", "False"]


def test_what_a_late_call_has_started_ends_with_it(tmp_path: Path) -> None:
    """Workers that it forked would live on as nobody's."""
    path = str(tmp_path / "lived")
    touch = f"__import__('time').sleep(3) or __import__('pathlib').Path({path!r}).touch()"
    call = Call("builtins:eval", (f"[__import__('os').fork() or {touch}, __import__('time').sleep(60)]",), limit=1)
    assert run_all([call])[0].error == "it took longer than 1 s"
    time.sleep(3.5)
    assert not (tmp_path / "lived").exists()
