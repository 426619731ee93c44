"""Runs many short scripts in one environment: torch and the tool are loaded once, each script runs in a fork of that.

    python serve.py MODULE...      reads lines of JSON [script, folder] from stdin

Each script runs in its folder, its output goes to FOLDER/out.txt; what it raises is told there as `raised TYPE: message`.
A line is answered by one line, the seconds it took.
"""

import atexit
import contextlib
import importlib
import json
import os
import runpy
import sys
import time
import traceback
import warnings

sys.path.pop(0)  # this folder, whose adapters have the names of the tools


def run(script: str, folder: str) -> None:
    """In a fork: the script as `__main__`, to its end and through what it left for the exit."""
    os.chdir(folder)
    os.environ["PULSEGRAD_RUNS_DIR"] = os.path.join(folder, "runs")
    out = os.open("out.txt", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(out, 1)
    os.dup2(out, 2)
    warnings.simplefilter("ignore")
    try:
        runpy.run_path(script, run_name="__main__")
    except BaseException as error:
        traceback.print_exc()
        print("raised", json.dumps(f"{type(error).__name__}: {error}"))
    with contextlib.suppress(BaseException):
        atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()


def main() -> None:
    for module in ("torch", "torch._dynamo", "torch.utils.data", "sklearn.datasets", *sys.argv[1:]):
        importlib.import_module(module)
    print("ready", flush=True)
    for line in sys.stdin:
        script, folder = json.loads(line)
        began = time.monotonic()
        child = os.fork()
        if child == 0:
            try:
                run(script, folder)
            finally:
                os._exit(0)
        os.waitpid(child, 0)
        print(time.monotonic() - began, flush=True)


if __name__ == "__main__":
    main()
