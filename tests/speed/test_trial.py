"""What a trial may choose, and what it says where it cannot."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from glassloop.speed import material, trial, use
from glassloop.speed.catalogue import Settings

CPU = torch.device("cpu")


@pytest.fixture
def gpt(tmp_path):
    return material.make("char-gpt", tmp_path)


def choose(given, monkeypatch, ratio, threads=1):
    monkeypatch.setattr(trial, "_ratio", lambda *_: ratio)
    monkeypatch.setattr(trial.shutil, "which", lambda _name: None)
    return trial.choose(given, Settings(threads=threads), 10, CPU, threads=True)


def test_what_is_quicker_is_kept_and_what_is_not_is_not(gpt, monkeypatch):
    assert choose(gpt, monkeypatch, 0.5, threads=2).settings == Settings(threads=1, packed=True)
    assert choose(gpt, monkeypatch, 0.99, threads=2).settings == Settings(threads=2)
    notes = choose(gpt, monkeypatch, 0.5).notes
    assert notes == ["packed attention: 2.00 times the speed of a step, kept", "compile: no C++ compiler here"]


def test_a_run_too_short_for_the_compiler_does_not_start_it(gpt, monkeypatch):
    monkeypatch.setattr(trial, "_ratio", lambda *_: 1.0)
    monkeypatch.setattr(trial.shutil, "which", lambda name: name)
    monkeypatch.setattr(trial, "_stepper", lambda *_: lambda: 0.001)
    monkeypatch.setattr(torch, "compile", lambda *_: pytest.fail("compiled"))
    choice = trial.choose(gpt, Settings(), 10, CPU, threads=True)
    assert choice.notes[-1].startswith("compile: not tried, the steps of the whole run take 0.1 s")
    assert not choice.settings.compiled


@pytest.mark.parametrize(("free", "cached"), [(100.0, True), (1.0, False), (None, True)])
def test_decoded_pictures_are_kept_where_there_is_room(free, cached, tmp_path, monkeypatch):
    monkeypatch.setattr(use, "available_mib", lambda: free)
    given = material.make("digits-cnn", tmp_path)
    large = replace(given, bytes_cached=10 * use.MIB)
    settings, note = trial._keep_decoded(large, Settings(draft=True))
    assert settings == Settings(cached=cached, draft=not cached)
    assert "10 MiB" in note
