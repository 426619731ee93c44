"""Findings as people and programs read them: text, JSON, SARIF 2.1.0, GitHub annotations."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import PurePath
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import typer

import glassloop
from glassloop.findings import Finding, Severity, Where
from glassloop.rules import Rule, all_rules

if TYPE_CHECKING:
    from glassloop.check import Report

LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
HOME = "https://github.com/glassloop/glassloop"


def rule_url(rule: str) -> str:
    """The page of a rule."""
    return f"{HOME}/blob/main/docs/rules/{rule}.md"


def place_of(where: Where, report: Report) -> str:
    """path:line:column; in a notebook the cell, and the line in it."""
    text = report.texts.get(where.path)
    if text is None or text.notebook is None:
        return f"{where.path}:{where.line}:{column_of(where, report)}"
    cell, line = text.notebook.cell_of(where.line)
    return f"{where.path}:cell {cell}:{line}:{column_of(where, report)}"


def line_of(where: Where, report: Report) -> str:
    """The source at a place, "" where there is none."""
    text = report.texts.get(where.path)
    lines = text.source.split("\n") if text is not None else []
    return lines[where.line - 1] if where.line <= len(lines) else ""


def column_of(where: Where, report: Report) -> int:
    """The column in characters; the tree counts the bytes of UTF-8."""
    line = line_of(where, report)
    return len(line.encode()[: where.column - 1].decode(errors="replace")) + 1 if not line.isascii() else where.column


def as_text(finding: Finding, report: Report, fixable: bool = False) -> str:
    """One finding for people: the rule, the lines of its story with what happens there, and the remedy."""
    at = finding.where
    color = {"error": "red", "warning": "yellow", "info": "blue"}[finding.severity.value]
    kind = typer.style(f"{finding.severity.value} {finding.rule}", fg=color, bold=True)  # a pipe gets it plain
    head = f"{typer.style(place_of(at, report), bold=True)}: {kind}"
    scenes = [(at, ""), *((w, words) for w, words in finding.related if words)]
    width = max(len(str(w.line)) for w, _ in scenes)
    story = finding.message.rpartition("; ")[0] or finding.message  # its last words are the remedy, which comes below
    lines = [head, f"    {story}"]
    for where, words in dict.fromkeys(sorted(scenes, key=lambda s: (s[0].path != at.path, s[0]))):
        mark = ">" if where == at and not words else " "
        other = "" if where.path == at.path else f" ({place_of(where, report)})"
        said = f"   <- {words}{other}" if words else ""
        lines.append(f"  {mark} {where.line:>{width}} | {line_of(where, report).strip()}{said}")
    lines.append(f"    fix: {finding.fix}" + (" (--fix does it)" if fixable else ""))
    return "\n".join(lines)


def as_json(report: Report) -> str:
    """The list of findings that the command line promises; of a notebook also each one's cell and the line in it."""
    found = []
    for finding in report.findings:
        row = finding.as_json() | {"column": column_of(finding.where, report)}
        text = report.texts.get(finding.where.path)
        if text is not None and text.notebook is not None:
            row["cell"], row["cell_line"] = text.notebook.cell_of(finding.where.line)
        found.append(row)
    return json.dumps(found, indent=2)


def as_github(report: Report) -> str:
    """Workflow commands, which GitHub shows beside the lines of a pull request."""
    kinds = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}
    rows = []
    for finding in report.findings:
        w = finding.where
        at = {"file": w.path, "line": w.line, "endLine": max(w.line, w.end_line), "col": column_of(w, report)}
        options = ",".join(f"{name}={_property(str(value))}" for name, value in at.items())
        title = _property(f"glassloop: {finding.rule}")
        rows.append(f"::{kinds[finding.severity]} {options},title={title}::{_data(finding.message)}%0A{_data(finding.fix)}")
    return "\n".join(rows)


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def as_sarif(report: Report) -> str:
    """One SARIF 2.1.0 log with one run: https://docs.oasis-open.org/sarif/sarif/v2.1.0."""
    rules = [_sarif_rule(rule) for rule in all_rules()]
    known = [rule["id"] for rule in rules]
    for name in sorted({f.rule for f in report.findings} - set(known)):
        rules.append({"id": name, "shortDescription": {"text": name}})
        known.append(name)
    driver = {"name": "glassloop", "version": glassloop.__version__, "informationUri": HOME, "rules": rules}
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {"SRCROOT": {"uri": PurePath(os.getcwd()).as_uri() + "/"}},
        "results": [_sarif_result(finding, known.index(finding.rule), report) for finding in report.findings],
    }
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2)


def _sarif_rule(rule: Rule) -> dict[str, Any]:
    card = rule.card
    return {
        "id": rule.name,
        "shortDescription": {"text": card.what},
        "fullDescription": {"text": f"{card.what} {card.why}"},
        "help": {"text": f"{card.fix}\n\nWhen it is intended: {card.intended}"},
        "helpUri": rule_url(rule.name),
        "defaultConfiguration": {"level": LEVELS[card.severity]},
    }


def _sarif_result(finding: Finding, index: int, report: Report) -> dict[str, Any]:
    related = [_sarif_place(w, report) | {"message": {"text": words}} for w, words in finding.related if words]
    line = line_of(finding.where, report).strip()
    fingerprint = hashlib.sha256(f"{finding.rule}\n{finding.where.path}\n{line}".encode()).hexdigest()[:32]
    return {
        "ruleId": finding.rule,
        "ruleIndex": index,
        "level": LEVELS[finding.severity],
        "message": {"text": f"{finding.message}. {finding.fix}"},
        "locations": [_sarif_place(finding.where, report)],
        "relatedLocations": [place | {"id": i} for i, place in enumerate(related)],
        "partialFingerprints": {"ruleAndLine/v1": fingerprint},  # lines that move keep it
    }


def _sarif_place(where: Where, report: Report) -> dict[str, Any]:
    region = {"startLine": where.line, "startColumn": column_of(where, report), "endLine": max(where.line, where.end_line)}
    path = os.path.relpath(where.path) if where.path != "-" else "stdin"
    inside = not path.startswith("..")
    place = {"uri": quote(PurePath(path).as_posix()), "uriBaseId": "SRCROOT"}
    artifact = place if inside else {"uri": PurePath(os.path.abspath(where.path)).as_uri()}
    return {"physicalLocation": {"artifactLocation": artifact, "region": region}}
