"""What can change a run's numbers is restored where it can be, and named where it cannot."""

import copy
import os
from typing import Any

import pytest

from glassloop.record.machine import describe_machine
from glassloop.replay import surroundings


@pytest.fixture
def here() -> dict[str, Any]:
    return describe_machine()


def test_the_same_machine_differs_in_nothing(here: dict[str, Any]) -> None:
    assert surroundings.differences(here) == []


def test_differences_are_named_with_the_processor_first(here: dict[str, Any]) -> None:
    there = copy.deepcopy(here)
    there["hardware"]["cpu"] = "Another 9000"
    there["python"] = "3.9.1"
    there["packages"] |= {"torch": "1.0", "typer": "0.0"}
    there["torch"] = {"threads": 64, "cpu_capability": "AVX512", "gpus": ["H"]}
    now = {**here, "torch": {"threads": 2, "cpu_capability": "AVX2", "gpus": []}}
    said = surroundings.differences(there, now)
    assert said[0].startswith("processor: Another 9000 recorded, ")
    lines = "threads: 64 recorded, 2 here", "CPU capability: AVX512 recorded, AVX2 here", "GPUs: H recorded, none here"
    for line in lines:
        assert line in said
    assert any(line.startswith("torch: 1.0 recorded, ") for line in said)
    assert any(line.startswith("packages: 1 of") and "typer 0.0" in line for line in said)


def test_torch_is_asked_only_where_it_may_say_something_else(here: dict[str, Any]) -> None:
    assert not surroundings.needs_torch({**here, "torch": {"gpus": []}})
    assert surroundings.needs_torch({**here, "torch": {"gpus": ["H"]}})
    assert surroundings.needs_torch({**here, "hardware": {"cpu": "Another 9000"}})


def test_variables_that_change_numbers_are_those_of_the_record(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    monkeypatch.setenv("MKL_CBWR", "AVX")
    monkeypatch.setenv("HOME_OF_DATA", "/data")
    monkeypatch.setenv("PYTHONPATH", "src")
    found = surroundings.variables({"variables": {"OMP_NUM_THREADS": "2", "LD_PRELOAD": "evil.so"}})
    assert found["OMP_NUM_THREADS"] == "2"
    assert found["HOME_OF_DATA"] == "/data"
    assert found["PYTHONPATH"] == os.path.abspath("src")
    assert "MKL_CBWR" not in found, "it was not set when the run was recorded"
    assert found.get("LD_PRELOAD") == os.environ.get("LD_PRELOAD"), "a record sets no other variable"


def test_as_many_threads_as_the_run_had(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.delenv("MKL_NUM_THREADS", raising=False)
    there = {"hardware": {"cores_allowed": 4096}, "torch": {"threads": 12}}
    assert surroundings.variables(there)["OMP_NUM_THREADS"] == "12"
