"""mend: the fixes of findings, each tried before it is made.

A rule proposes edits; here they are made in memory and the text is read again. A fix counts only where its finding is gone,
no other has come, and the text still compiles: what a rule proposes wrongly is refused, not written.
"""

from __future__ import annotations

import ast
import difflib
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from glassloop.check import Report, check_paths
from glassloop.config import Config
from glassloop.findings import Finding, Mend
from glassloop.record.files import write_atomic
from glassloop.rules import all_rules
from glassloop.source.edits import CannotEditError, apply, edits_for
from glassloop.source.notebooks import edited
from glassloop.source.text import encoding_of, parse, read

SMALL = 50  # files; in a larger program a fix is judged by its own file alone


@dataclass
class Mended:
    """What was mended: the files that changed, as bytes to write; the findings gone, and those that stay, with why."""

    before: dict[str, bytes] = field(default_factory=dict)
    after: dict[str, bytes] = field(default_factory=dict)
    done: list[Finding] = field(default_factory=list)
    left: list[tuple[Finding, str]] = field(default_factory=list)

    def write(self) -> None:
        """Write the changed files, each whole or not at all. Raises OSError."""
        for name, data in self.after.items():
            path = Path(name).resolve()  # a link stays one
            mode = path.stat().st_mode
            write_atomic(path, data)
            path.chmod(mode)

    def diff(self) -> str:
        """The changes as a unified diff that `patch` and `git apply` take (of a notebook: of its JSON)."""
        parts: list[str] = []
        for path, data in self.after.items():
            old, new = (_text(path, bytes_).splitlines(keepends=True) for bytes_ in (self.before[path], data))
            for line in difflib.unified_diff(old, new, f"a/{path.lstrip('/')}", f"b/{path.lstrip('/')}"):
                parts.append(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n")
        return "".join(parts)


def mend_paths(
    paths: Iterable[str | Path],
    *,
    select: Collection[str] = (),
    ignore: Collection[str] = (),
    config: Config | None = None,
    gitignore: bool = True,
    unsafe: bool = False,
    only: Finding | None = None,
    given: Mapping[str, bytes] | None = None,
) -> Mended:
    """Mend what can be mended in these files, in memory. `unsafe`: also where the rule says that a person must look.

    `only`: nothing but this finding.
    `given`: texts that stand in for the files of these names (`-`, or an editor's unsaved ones). Raises as check_paths.
    """
    how = {"select": select, "ignore": ignore, "config": config, "gitignore": gitignore}
    bench = _Bench([str(p) for p in paths], how, dict(given or {}))
    mended = Mended()
    safe = {rule.name for rule in all_rules() if rule.card.safe}
    tried: set[tuple[str, str, str]] = set()
    report = bench.check()
    while True:
        for finding in report.findings:
            key = _key(finding)
            if key in tried or not finding.mends or (only is not None and key != _key(only)):
                continue
            tried.add(key)
            if finding.rule not in safe and not unsafe:
                mended.left.append((finding, "its fix wants a person's eye: --unsafe-fixes makes it"))
                continue
            try:
                after, report = bench.mend(finding, report)
            except CannotEditError as error:
                mended.left.append((finding, str(error)))
                continue
            path = finding.where.path
            mended.before.setdefault(path, bench.data(path))
            bench.given[path] = mended.after[path] = after
            mended.done.append(finding)
            break
        else:
            return mended


def _key(finding: Finding) -> tuple[str, str, str]:
    return finding.rule, finding.where.path, finding.message


@dataclass
class _Bench:
    """The files under repair: what they are now, and what check says of them."""

    paths: list[str]
    how: dict[str, Any]
    given: dict[str, bytes]

    def check(self, paths: list[str] | None = None, changed: Mapping[str, bytes] | None = None) -> Report:
        """What check says of them, or of some, with these texts changed."""
        return check_paths(self.paths if paths is None else paths, given={**self.given, **(changed or {})}, **self.how)

    def data(self, path: str) -> bytes:
        """What a file holds now."""
        return self.given[path] if path in self.given else read(path)

    def mend(self, finding: Finding, report: Report) -> tuple[bytes, Report]:
        """The file with the first proposal that holds, and what check then says. Raises CannotEditError: why none does."""
        path, why = finding.where.path, ""
        large = report.statistics["files played"] > SMALL
        paths, before = ([path], self.check([path])) if large else (self.paths, report)
        for mends in finding.mends:
            try:
                after = self._edit(finding, mends)
            except CannotEditError as error:
                why = why or str(error)
                continue
            new = self.check(paths, {path: after})
            if path not in new.unreadable and _fewer(before, new, finding):
                return after, self.check(changed={path: after}) if large else new
            why = why or "the text is not right after it"
        raise CannotEditError(why)

    def _edit(self, finding: Finding, mends: tuple[Mend, ...]) -> bytes:
        path = finding.where.path
        data = self.data(path)
        text = parse(path, data)
        scenes = {name: where for name, where in finding.scenes if where.path == path}
        edits = edits_for(text.source, text.tree, mends, scenes)
        if text.notebook is not None:
            return edited(data, edits)
        new = apply(text.source, edits)
        try:
            ast.parse(new)
        except SyntaxError:
            raise CannotEditError("the text would no longer compile") from None
        encoding, bom = encoding_of(data)
        if b"\r" in data:
            if data.count(b"\n") != data.count(b"\r\n") or data.count(b"\r") != data.count(b"\r\n"):
                raise CannotEditError("the file mixes line ends")
            new = new.replace("\n", "\r\n")
        return bom + new.encode(encoding)


def _fewer(old: Report, new: Report, finding: Finding) -> bool:
    """Whether this finding is gone, no other has come, file by file and rule by rule, and nothing was hidden."""
    counts = [Counter((f.where.path, f.rule) for f in report.findings) for report in (old, new)]
    mine = (finding.where.path, finding.rule)
    seen = len(new.opaque) <= len(old.opaque) and new.statistics["roots"] >= old.statistics["roots"]
    seen = seen and len(new.fed) >= len(old.fed)  # nor was a loss cut off from what it trained
    return seen and counts[1][mine] < counts[0][mine] and all(counts[0][key] >= n for key, n in counts[1].items())


def _text(path: str, data: bytes) -> str:
    encoding, bom = ("utf-8", b"") if path.endswith(".ipynb") else encoding_of(data)
    return data.removeprefix(bom).decode(encoding, "replace").replace("\r\n", "\n")


