"""report.html: one file that shows a run to a person. It opens offline, in light and dark, and prints.

Everything in it comes from the run folder, and everything that is text is escaped: names and sources are not ours.
"""

import base64
import json
from collections.abc import Iterable, Mapping
from html import escape
from pathlib import Path
from typing import Any

from glassloop.errors import UserError
from glassloop.record import curves, manifest
from glassloop.record.files import write_atomic
from glassloop.record.page import figure, folded, page, section, table

PICTURE_TYPES = {".png": "image/png", ".webp": "image/webp"}
SOURCE_BUDGET = 2_000_000  # bytes of source text shown; the rest is named, and lies in source/


def write_report(run_dir: Path) -> Path:
    """Write curves.png (where there is a history and matplotlib) and report.html into `run_dir`; returns the report's path.

    Needs run.json alone; history.json, pictures/ and source/ are shown where they are there.
    Raises UserError when run.json is missing or a file of the folder cannot be read, OSError when it cannot be written.
    """
    run = manifest.read(run_dir)
    if run is None:
        raise UserError(f"{run_dir} holds no run.json, so there is nothing to report; give the folder of a run")
    rows = _history(run_dir / "history.json")
    curves.save_png(rows, run_dir / "curves.png")
    sections = [
        _head(run, run_dir.resolve().name),
        _result(run, rows),
        section("Curves", _curves(rows)),
        section("Pictures", _pictures(run_dir / "pictures")),
        section("History", _history_table(rows)),
        section("Settings", table(run["config"] or {})),
        section("What it ran on", table(_surroundings(run))),
        section("Sessions", _sessions(run["sessions"])),
        section("Source", _source(run_dir / "source", run["sources"])),
        section("Packages", folded("every installed package", table(run["environment"]["packages"]))),
    ]
    target = run_dir / "report.html"
    write_atomic(target, page(run_dir.resolve().name, "".join(sections)))
    return target


def _head(run: Mapping[str, Any], name: str) -> str:
    seconds = "" if run["seconds"] is None else f", {run['seconds']:,.1f} s"
    status = f'<span class="status-{escape(run["status"])}">{escape(run["status"])}</span>'
    code = "" if run["exit_code"] in (0, None) else f" with exit code {run['exit_code']}"
    when = escape(run["started"][:19].replace("T", " "))
    command = escape(" ".join(run["command"]))
    return (
        f'<h1>{escape(name)}</h1>\n<p class="lead">{status}{code}{seconds}, begun {when} UTC</p>\n'
        f"<pre><code>{command}</code></pre>\n"
    )


def _result(run: Mapping[str, Any], rows: list[dict[str, Any]]) -> str:
    """The figures it ended with; the first metric that is not a loss is set large, because that is what one looks for."""
    final = run["final"] or (rows[-1] if rows else {})
    shown = [name for name in final if name not in curves.NOT_DRAWN and not name.endswith("_interval")]
    shown.sort(key=lambda name: (name.endswith("loss"), name == "lr", not name.startswith("val_")))
    cells = [
        f"<div><dt>{escape(_words(name))}</dt><dd>{figure(final[name])}{_interval(final, name)}</dd></div>" for name in shown
    ]
    return f'<dl class="result">{"".join(cells)}</dl>\n' if cells else ""


def _interval(final: Mapping[str, Any], name: str) -> str:
    """What chance in the choice of validation samples does to a figure, where the loop said it: 95 %."""
    bounds = final.get(f"{name}_interval")
    return (
        f" <small>95 %: {figure(bounds[0])} to {figure(bounds[1])}</small>"
        if isinstance(bounds, list) and len(bounds) == 2
        else ""
    )


def _curves(rows: list[dict[str, Any]]) -> str:
    svg = curves.as_svg(rows)
    return f'<figure class="curves">{svg}</figure>\n' if svg else ""


def _pictures(folder: Path) -> str:
    figures = []
    for path in sorted(folder.glob("*")):
        kind = PICTURE_TYPES.get(path.suffix.lower())
        if kind is None:
            continue
        data = base64.b64encode(path.read_bytes()).decode()
        name = escape(path.name)
        figures.append(
            f'<figure><img src="data:{kind};base64,{data}" alt="{name}"><figcaption>{name}</figcaption></figure>\n'
        )
    return f'<div class="pictures">{"".join(figures)}</div>\n' if figures else ""


def _history_table(rows: list[dict[str, Any]]) -> str:
    names = list(dict.fromkeys(name for row in rows for name in row))
    if not names:
        return ""
    head = "".join(f"<th>{escape(_words(name))}</th>" for name in names)
    body = "\n".join("<tr>" + "".join(f"<td>{figure(row.get(name))}</td>" for name in names) + "</tr>" for row in rows)
    return f'<div class="wide"><table class="history"><thead><tr>{head}</tr></thead>\n<tbody>{body}</tbody></table></div>\n'


def _surroundings(run: Mapping[str, Any]) -> dict[str, Any]:
    machine = run["environment"]
    hardware, torch, git = machine["hardware"], machine["torch"] or {}, machine["git"] or {}
    memory = hardware["memory"]
    facts = {
        "seed": run["seed"],
        "python": machine["python"],
        "platform": machine["platform"],
        "processor": f"{hardware['cpu']}, {hardware['cores_allowed']} of {hardware['cores']} cores",
        "memory": None if memory is None else f"{memory / 2**30:.1f} GiB",
        "accelerators": ", ".join(torch.get("gpus", [])) or None,
        "torch": torch.get("version"),
        "threads": torch.get("threads"),
        "CPU capability": torch.get("cpu_capability"),
        "processes": machine["world_size"],
        "git commit": git and f"{git['commit']}{', with changes' if git['dirty'] else ''}",
        **machine["variables"],
        **(run["data"] or {}),
    }
    return {name: fact for name, fact in facts.items() if fact not in (None, {})}


def _sessions(sessions: list[dict[str, Any]]) -> str:
    """Shown only where there is more than one: the run was stopped or killed, and resumed."""
    if len(sessions) < 2:
        return ""
    rows = [
        f"<tr><td>{number}</td><td>{escape(entry['started'][:19].replace('T', ' '))}</td><td>{escape(entry['status'])}</td>"
        f"<td>{figure(entry['seconds'])}</td><td>{escape(', '.join(entry.get('changed', {})))}</td></tr>"
        for number, entry in enumerate(sessions, 1)
    ]
    head = "<tr><th></th><th>begun (UTC)</th><th>ended</th><th>seconds</th><th>differs from the first in</th></tr>"
    return f'<div class="wide"><table><thead>{head}</thead><tbody>{"".join(rows)}</tbody></table></div>\n'


def _source(folder: Path, digests: Mapping[str, str]) -> str:
    """The files that ran, the script unfolded. One that is not kept, or is beyond the budget, is named with its digest."""
    parts, left = [], SOURCE_BUDGET
    for place, (name, digest) in enumerate(digests.items()):
        path = folder / name
        mark = f'<p class="digest">sha256 {escape(digest)}</p>'
        if not path.is_file() or path.stat().st_size > left:
            parts.append(f"<p><code>{escape(name)}</code></p>{mark}\n")
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        left -= len(text)
        parts.append(folded(name, f"{mark}<pre><code>{escape(text)}</code></pre>", is_open=place == 0))
    return "".join(parts)


def _history(path: Path) -> list[dict[str, Any]]:
    if not path.exists():
        return []
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UserError(f"{path} cannot be read ({error}); move it away and write the report again") from error
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, Iterable) else []


def _words(name: str) -> str:
    """`val_accuracy` -> `validation accuracy`."""
    return name.replace("val_", "validation ").replace("_", " ")
