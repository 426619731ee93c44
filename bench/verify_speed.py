"""How fast, and in how much memory, `glassloop verify` reads the ledger of a million steps.

A run folder as recording leaves it: ledger.jsonl with a step row of typical size (some 330 bytes) for each step, order.bin
with a batch of 64 for each, run.json. Target: at least 100,000 rows a second of CPU time, and no more memory than for
a short run. `python bench/verify_speed.py [STEPS]` writes bench/results/verify_speed.json.
"""

import json
import platform
import resource
import struct
import subprocess
import sys
import tempfile
import time
from hashlib import sha256
from pathlib import Path

from glassloop.record.ledger import FORMAT, Ledger, digest_of
from glassloop.record.machine import describe_machine
from glassloop.record.verify import verify

RESULT = Path(__file__).parent / "results" / "verify_speed.json"
BATCH = 64


def write_run(run: Path, steps: int) -> float:
    """Write the folder; returns the CPU seconds that appending the step rows took."""
    facts = {"format": "glassloop-run/1", "status": "finished", "sessions": [{"status": "finished"}], "sources": {}}
    ledger = Ledger(run / "ledger.jsonl")
    ledger.append("run", format=FORMAT, session=1, run="0" * 32, nonce=None, order_at=0, run_json=digest_of(facts))
    spent = 0.0
    with open(run / "order.bin", "wb") as order:
        for step in range(1, steps + 1):
            record = struct.pack(f"<II{BATCH}q", 0, BATCH, *range(step, step + BATCH))
            order.write(record)
            text = (
                f'"step":{step},"epoch":{step // 1000},"order":"{sha256(record).hexdigest()[:16]}","batches":1,'
                f'"samples":{BATCH},"lr":[0.0003],"loss":{2.302585 + 1 / step!r},"grad_norm":{1 / step!r},'
                f'"rng":"{step:016x}","state":"{step:032x}"'
            )
            began = time.process_time()
            ledger.append_line("step", text)
            spent += time.process_time() - began
    ledger.append("end", step=steps, status="finished", exit_code=0, run_json=digest_of(facts))
    ledger.close()
    stated = {**facts, "ledger": {"rows": ledger.rows, "head": ledger.head}}
    (run / "run.json").write_text(json.dumps(stated), encoding="utf-8")
    return spent


def measure(run: Path) -> None:
    """In a process of its own: verify, and print CPU seconds and the most memory that was held, in MiB."""
    began = time.process_time()
    verdict = verify(run)
    spent = time.process_time() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 << 20 if sys.platform == "darwin" else 1 << 10)
    print(json.dumps({"word": verdict.word, "rows": verdict.rows, "seconds": spent, "peak_mib": peak}))


def main(steps: int) -> None:
    """Write a short and a long run, verify each three times, and tell."""
    result: dict[str, object] = {"steps": steps, "python": platform.python_version()}
    result["cpu"] = describe_machine()["hardware"]["cpu"]
    for name, count in (("short", 1000), ("long", steps)):
        with tempfile.TemporaryDirectory() as folder:
            run = Path(folder)
            appended = write_run(run, count)
            size = (run / "ledger.jsonl").stat().st_size
            command = [sys.executable, __file__, "--measure", folder]
            turns = [json.loads(subprocess.run(command, capture_output=True, check=True).stdout) for _ in range(3)]
        assert all(turn["word"] == "whole" for turn in turns), turns
        rates = sorted(turn["rows"] / turn["seconds"] for turn in turns)
        result[name] = {
            "rows_per_cpu_second": [round(rate) for rate in rates],
            "peak_mib": round(max(turn["peak_mib"] for turn in turns), 1),
            "bytes_per_row": round(size / count, 1),
            "append_us_per_row": round(1e6 * appended / count, 2),
        }
    RESULT.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--measure"]:
        measure(Path(sys.argv[2]))
    else:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
