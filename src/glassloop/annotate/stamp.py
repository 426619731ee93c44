"""The version stamp: which text this is about, and what it would run on."""

from __future__ import annotations

import ast
import hashlib
import os
import subprocess
from importlib import metadata

import glassloop
from glassloop.annotate.reading import Reading


def stamp_of(reading: Reading) -> list[tuple[str, str]]:
    """(name, value) of the source's digest, its commit, the seed it sets, and the versions installed."""
    return [
        ("source", "sha256 " + _digest(reading.text.path)),
        ("commit", commit_of(reading.text.path)),
        ("seed", _seed(reading)),
        ("torch", _version("torch")),
        ("glassloop", glassloop.__version__),
    ]


def _digest(path: str) -> str:
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def commit_of(path: str) -> str:
    """The commit of the repository that a file lies in, and whether the file has changed since."""
    folder, name = os.path.split(os.path.abspath(path))
    try:
        head = subprocess.run(["git", "rev-parse", "HEAD"], cwd=folder, capture_output=True, text=True, timeout=5)
        if head.returncode:
            return "no repository"
        changed = subprocess.run(["git", "status", "--porcelain", "--", name], cwd=folder, capture_output=True, timeout=5)
    except (OSError, subprocess.TimeoutExpired):
        return "unknown"
    return head.stdout.strip()[:12] + (", changed since" if changed.stdout.strip() else "")


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "not installed"


def _seed(reading: Reading) -> str:
    """The number given to manual_seed, where the text says it."""
    lines = {chain[-1][1] for trace in reading.traces for what, chain in trace.remarks if what == "seed"}
    numbers = []
    for node in ast.walk(reading.text.tree):
        call = isinstance(node, ast.Call) and node.lineno in lines and node.args
        if call and isinstance(node, ast.Call) and isinstance(node.args[0], ast.Constant):
            numbers.append(str(node.args[0].value))
    if numbers:
        return numbers[0]
    return "set while it runs" if lines else "none is set in this file"
