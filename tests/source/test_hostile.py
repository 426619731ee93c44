"""Whatever text it is given, the reader ends, soon, and with no error of its own."""

from __future__ import annotations

import random
import resource
import sysconfig
import time
from pathlib import Path

import pytest

from glassloop.check import check_paths
from glassloop.mend import mend_paths
from glassloop.source.program import Program
from tests.source.fuzz import mutant, seeds

SECONDS = 20.0  # of CPU for one file: the reader counts statements, so a slow machine only takes longer


@pytest.fixture(autouse=True)
def strict(monkeypatch: pytest.MonkeyPatch):
    """A mistake of the reader itself is raised, and not noted."""
    init = Program.__init__

    def strict_init(self, texts):
        init(self, texts)
        self.strict = True

    monkeypatch.setattr(Program, "__init__", strict_init)


def read_all(count: int, start: int, tmp_path: Path) -> None:
    texts = seeds()
    for number in range(start, start + count):
        dice = random.Random(number)
        data = mutant(dice.choice(texts), dice)
        begin = time.process_time()
        try:
            report = check_paths(["odd.py"], given={"odd.py": data}, select=())
            if number % 20 == 0:
                mend_paths(["odd.py"], given={"odd.py": data}, unsafe=True)
        except Exception as error:
            (tmp_path / "odd.py").write_bytes(data)
            raise AssertionError(f"script {number}, kept in {tmp_path / 'odd.py'}: {error!r}") from error
        assert time.process_time() - begin < SECONDS, f"script {number}"
        assert all("could not be followed" not in note for _, note in report.notes), f"script {number}: {report.notes}"


def test_odd_scripts(tmp_path: Path):
    read_all(300, 0, tmp_path)


@pytest.mark.full
@pytest.mark.parametrize("start", range(300, 5300, 500))
def test_thousands_of_odd_scripts(start: int, tmp_path: Path):
    read_all(500, start, tmp_path)


def test_a_list_that_grows_by_itself_is_not_followed_for_ever():
    grows = "    words.extend(words)\n    words = words + words\n    words = [*words, *words]\n    words *= 2\n"
    text = "words = [1, 2]\nfor _ in range(8):\n" + grows + "optimizer.zero_grad()\n"
    begin = time.process_time()
    check_paths(["odd.py"], given={"odd.py": text.encode()}, select=())
    assert time.process_time() - begin < SECONDS


@pytest.mark.full
def test_the_standard_library_as_one_program():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    report = check_paths([sysconfig.get_path("stdlib")], gitignore=False)
    assert report.statistics["files"] > 1000
    assert not report.findings
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 1_000_000  # KiB: the texts, and little else
