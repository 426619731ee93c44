"""check: the reader's paths, heard by the rules; what they agree on becomes findings. Reads text only, never torch."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from glassloop.config import Config, Patterns
from glassloop.errors import meant
from glassloop.findings import Finding
from glassloop.judge import Court, Part, agreed, told
from glassloop.rules import Rule, all_rules
from glassloop.source.comments import comments_of, unused_comments
from glassloop.source.files import files_of
from glassloop.source.plain import may_say, stories_of
from glassloop.source.program import LIBRARIES, SMALL, Program, Text, find_file, module_name
from glassloop.source.text import Unreadable, imported, may_help, may_train, parse, read


@dataclass
class Report(Part):
    """What came of a check."""

    unreadable: list[str] = field(default_factory=list)  # files that cannot be read as Python; each has its note
    texts: dict[str, Text] = field(default_factory=dict)  # what was read, by path


def check_paths(
    paths: Iterable[str | Path],
    *,
    select: Collection[str] = (),
    ignore: Collection[str] = (),
    config: Config | None = None,
    gitignore: bool = True,
    given: Mapping[str, bytes] | None = None,
    follow: bool = True,
    keep: bool = False,
    jobs: int | None = None,
) -> Report:
    """Check files and folders. Not `follow`: calls are opaque (to see what following them is worth).

    `config`: a project's settings; `select` and `ignore` come before its own. Folders are read without what git ignores.
    `given`: texts that stand in for files of these names: `-` for a script from stdin, an editor's unsaved ones.
    `keep` keeps every path that was played in the report. `jobs`: processes, by default chosen by the size.
    Raises FileNotFoundError and ValueError (an unknown rule, or one `select`ed that only a run can tell).
    """
    report = Report()
    config = config or Config()
    named = [str(path) for path in paths]
    given = given or {}
    below = files_of((path for path in named if path not in given), config.exclude, gitignore)
    found = dict.fromkeys([*(path for path in named if path in given), *below])
    texts, own, plain = _load(named, list(found), given, report)
    program = Program(texts)
    program.follow = follow
    _refuse_those_of_runs(select)
    rules = _rules(select or config.select, {*ignore, *config.ignore}, config)
    report.add(Court(program, rules, own, keep).all(jobs))
    for text in plain:
        report.findings += (told(rule, story) for rule, story in stories_of(text, rules))
    report.texts = {**{text.path: text for text in plain}, **program.texts}
    _finish(report, rules, config)
    return report


def _rules(select: Collection[str], ignore: Collection[str], config: Config) -> tuple[Rule, ...]:
    rules = all_rules()
    names = sorted(r.name for r in rules)
    unknown = sorted({*select, *ignore, *(rule for some in config.per_file_ignores.values() for rule in some)} - {*names})
    if unknown:
        asked = {*config.select, *config.ignore}.union(*config.per_file_ignores.values())
        place = f"{config.path}: [tool.glassloop]: " if unknown[0] in asked else ""
        raise ValueError(f"{place}no rule is called {unknown[0]}; {meant(unknown[0], names)}rules: {', '.join(names)}")
    chosen = set(select) or {r.name for r in rules if not r.card.asked}
    return tuple(r for r in rules if r.name in chosen and r.name not in ignore and not r.card.only_run)


def _refuse_those_of_runs(select: Collection[str]) -> None:
    """A project may list rules for both ears in its settings; who asks the text for what no text tells is told so."""
    silent = [rule.name for rule in all_rules() if rule.card.only_run and rule.name in select]
    if silent:
        raise ValueError(f"no text tells {silent[0]}: it is found while the loop runs; glassloop run SCRIPT")


def check_source(
    source: str, path: str = "source.py", *, select: Collection[str] = (), ignore: Collection[str] = ()
) -> list[Finding]:
    """Check one script's text; `path` is only its name in what is found.

    Raises SyntaxError where it is no Python, ValueError as check_paths does.
    """
    report = check_paths([path], select=select, ignore=ignore, given={path: source.encode()}, jobs=1)
    if report.unreadable:
        raise SyntaxError(report.notes[0][1])
    return report.findings


def _load(
    named: list[str], paths: list[str], given: Mapping[str, bytes], report: Report
) -> tuple[list[Text], set[str], list[Text]]:
    """The files to play; which of them train or import one that does (the rest are their helpers); those to walk through."""
    texts: dict[str, bytes] = {}
    for path in paths:
        try:
            texts[path] = read(path, given.get(path))
        except Unreadable as error:
            _set_aside(report, path, error)
    report.statistics["files"] = len(texts)
    wanted, own = _relevant(texts)
    report.statistics["files played"] = len(wanted)
    parsed = []
    # A file that trains nothing is not parsed for that, but who names one wants to hear that it cannot be.
    relevant, plain = set(wanted), {path for path, data in texts.items() if may_say(data)}
    asked = [path for path in texts if path in plain or path in set(named)]
    for path in dict.fromkeys([*wanted, *asked]):
        try:
            parsed.append(parse(path, texts[path]))
        except Unreadable as error:
            if path in relevant or path in named:
                _set_aside(report, path, error)
    report.statistics["files"] -= sum(path in texts for path in report.unreadable)
    return [t for t in parsed if t.path in relevant], own, [t for t in parsed if t.path in plain]


def _set_aside(report: Report, path: str, error: Unreadable) -> None:
    report.notes.append((path, str(error)))
    report.unreadable.append(path)


def _relevant(texts: dict[str, bytes]) -> tuple[list[str], set[str]]:
    """Files that may train or import one that does, with what they import; and the former alone."""
    trains = {path for path, data in texts.items() if may_train(data)}
    if not trains or len(texts) == 1:
        return list(trains), trains
    small = len(texts) <= SMALL
    helping = {path for path, data in texts.items() if small or path in trains or may_help(data)}
    by_name: dict[str, list[str]] = {}
    for path in helping:
        by_name.setdefault(module_name(path), []).append(path)
    wants = {path: _imports(path, texts[path], by_name) for path in helping}
    own = trains | {path for path in helping if not trains.isdisjoint(wants[path])}
    found = own.union(*(wants[path] for path in own))
    while small:  # of a small program all that it imports, of a library what is next to a loop
        more = found.union(*(wants[path] for path in found))
        if more == found:
            break
        found = more
    return [path for path in texts if path in found], own


def _imports(path: str, data: bytes, by_name: dict[str, list[str]]) -> set[str]:
    wanted = {_found(by_name, parts, path, level) for level, parts in imported(data)}
    return {w for w in wanted if w is not None}


def _found(by_name: dict[str, list[str]], parts: tuple[str, ...], path: str, level: int) -> str | None:
    if parts[0] in LIBRARIES and not level:
        return None
    return find_file(by_name.get(parts[-1], ()), parts, path, level)


def _finish(report: Report, rules: tuple[Rule, ...], config: Config) -> None:
    """Once each, in order, without those that a comment or the project sets aside."""
    comments = {path: comments_of(text.source) for path, text in report.texts.items()}
    per_file = Patterns(config.path, config.per_file_ignores)
    kept: list[Finding] = []
    for finding in report.findings:
        at = finding.where
        aside = {c.sets_aside(finding.rule) for c in comments.get(at.path, ()) if at.spans(c.line)}  # each notes its use
        if True in aside or finding.rule in per_file.rules(at.path):
            report.statistics["suppressed"] += 1
            continue
        kept.append(finding)
    unsure = {where.path for where, _, _ in report.undecided} | {path for path, _ in report.notes}
    for path, found in comments.items():
        if path not in unsure:
            kept += unused_comments(path, found, rules)
    report.findings = agreed(kept)
    report.statistics["findings"] = len(report.findings)
