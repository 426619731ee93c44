"""A folder that a stranger made to harm: an audit says what it can, or one clear line, and touches nothing else."""

import json
import os
import struct
from collections.abc import Callable
from pathlib import Path

import pytest

from glassloop.audit import Report, audit
from glassloop.audit.page import to_html, to_markdown, to_text
from glassloop.compare import compare
from glassloop.compare.page import to_text as compared
from glassloop.errors import UserError
from tests.audit.written import honest

SECRET = "a line of a file that is none of the run's"
SCRIPT = "</pre><script>alert(1)</script>`|[x](http://y)\x1b[2J\u202e"


def put(name: str, text: str) -> Callable[[Path], None]:
    def change(run: Path) -> None:
        (run / name).parent.mkdir(parents=True, exist_ok=True)
        (run / name).write_text(text)

    return change


def edit(name: str, **fields: object) -> Callable[[Path], None]:
    """Other fields in run.json, or in each loader."""

    def change(run: Path) -> None:
        found = json.loads((run / name).read_text())
        for row in found if isinstance(found, list) else [found]:
            row.update(fields)
        (run / name).write_text(json.dumps(found))

    return change


def leads_out(name: str) -> Callable[[Path], None]:
    def change(run: Path) -> None:
        (run / name).unlink(missing_ok=True)
        (run / name).symlink_to(run.parent / "secret")

    return change


def pipe(name: str) -> Callable[[Path], None]:
    def change(run: Path) -> None:
        (run / name).unlink(missing_ok=True)
        os.mkfifo(run / name)

    return change


def huge_record(run: Path) -> None:
    (run / "order.bin").write_bytes(struct.pack("<II", 0, 2**32 - 1))


def sparse(run: Path) -> None:
    with open(run / "order.bin", "r+b") as file:
        file.truncate(1 << 40)


def rows(*texts: str) -> Callable[[Path], None]:
    def change(run: Path) -> None:
        with open(run / "ledger.jsonl", "a") as file:
            file.writelines(f'{text[:-1]},"n":1,"prev":""}}\n' for text in texts)

    return change


ATTACKS = {
    "run.json is deep": put("run.json", "[" * 100_000),
    "run.json is a list": put("run.json", "[]"),
    "run.json leads out": leads_out("run.json"),
    "run.json is a pipe": pipe("run.json"),
    "names lead out": edit("run.json", sources={"../../secret": "0", "/etc/passwd": "0", "a\x00b": "0", SCRIPT: "0"}),
    "fields are of other kinds": edit("run.json", sources=[1], sessions=3, environment="x", command=7, config=[], seed="q"),
    "words are markup": edit("run.json", command=["python", SCRIPT], started=SCRIPT, status=SCRIPT),
    "loaders are no list": put("data/loaders.json", '{"loaders": 3}'),
    "loaders are strange": put("data/loaders.json", '[1, null, {"loader": -1}, {"loader": "../x", "split": "train"}]'),
    "a length without bounds": edit("data/loaders.json", length=10**18, batch_size=-3),
    "a length that is text": edit("data/loaders.json", length="9", batch_size={}, sampler=[SCRIPT], changed="x", seen="y"),
    "samplers are markup": edit("data/loaders.json", sampler=SCRIPT, replacement=None),
    "samples lead out": leads_out("data/loader-0.jsonl"),
    "samples are a pipe": pipe("data/loader-0.jsonl"),
    "a sample is endless": put("data/loader-0.jsonl", '{"i":' + "1" * 5000 + "}\n"),
    "a sample is none": put("data/loader-0.jsonl", '{"i":0,"d":"zz"}\n'),
    "an index is enormous": put("data/loader-0.jsonl", f'{{"i":{10**30},"d":"00"}}\n'),
    "a sample is a list": put("data/loader-1.jsonl", "[[]]\n"),
    "an order says it is huge": huge_record,
    "an order is all holes": sparse,
    "an order leads out": leads_out("order.bin"),
    "rows say anything": rows(
        '{"row":"step","step":"x","batches":-1}', '{"row":"step","step":1e400,"epoch":[],"batches":1e18,"lr":"no"}',
        '{"row":"checkpoint","step":1,"path":"../../secret"}', '{"row":"checkpoint","step":2,"path":"/etc"}',
        '{"row":"resume","step":-5}', '{"row":"data","file":"data/../../x/y"}', '{"row":"' + "k" * 3000 + '"}',
    ),
    "findings are none": put("findings.json", '[1, {"rule": 5, "severity": ["error"]}, {"severity": "error"}]'),
    "findings are markup": put("findings.json", json.dumps([{"rule": SCRIPT, "severity": "error", "path": SCRIPT}])),
    "a replay that is none": put("replay.json", '{"same": true, "rows": "many", "sample": 7}'),
    "a replay of markup": put("replay.json", json.dumps({"same": False, "rows": 5, "steps": 5, "first": {"text": SCRIPT}})),
    "parameters are none": put("data/parameters.json", '[3, {"name": [], "moved": "x", "held": 1}, {}]'),
}  # fmt: skip


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS)
def test_a_hostile_folder_harms_nothing(tmp_path: Path, attack: Callable[[Path], None]) -> None:
    (tmp_path / "secret").write_text(SECRET)
    run = honest(tmp_path / "run", 100, 2).end()
    before = {path for path in tmp_path.rglob("*") if path.is_file()}
    attack(run)
    report = in_a_line(lambda: audit(run))
    if isinstance(report, Report):
        page, text, lines = to_html(report), to_markdown(report), "\n".join(to_text(report))
        for told in (page, text, lines, json.dumps(report.as_json(), default=str)):
            assert SECRET not in told
        assert "<script" not in page
        assert "\x1b" not in page + text + lines
        assert "[x](http" not in text.split("```")[0]
    other = honest(tmp_path / "other", 100, 2).end()
    lines = in_a_line(lambda: "\n".join(compared(compare(run, other))))  # its page would draw the curves 28 times
    assert SECRET not in str(lines)
    assert "\x1b" not in str(lines)
    assert before <= set(tmp_path.rglob("*"))


def in_a_line(call: Callable[[], object]) -> object:
    """What it gives, or None where it refuses, which takes one line."""
    try:
        return call()
    except UserError as error:
        said = str(error)
    assert said.count("\n") == 0
    assert len(said) < 1000
    return None


def test_what_cannot_be_read_leaves_the_other_questions_answered(tmp_path: Path) -> None:
    run = honest(tmp_path / "run").end()
    (run / "data" / "loader-1.jsonl").write_text("[[]]\n")
    report = audit(run)
    assert "loader-1.jsonl, line 1 is no sample" in report["validation-apart"].answer.says
    assert report["record-whole"].answer.verdict == "fails"
