"""A page of a record: one HTML file that opens offline, in light and dark, prints, and runs nothing.

What is text is escaped by who writes it: names, sources and figures of a record are not ours.
"""

import json
from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import Any

# The page needs nothing from outside and runs nothing: a browser holds it to that.
CONTENT_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"


def page(title: str, body: str) -> str:
    """The whole page: `title` is text, `body` is HTML."""
    style = Path(__file__).with_name("report.css").read_text(encoding="utf-8")
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{CONTENT_POLICY}">\n'
        f'<meta name="color-scheme" content="light dark">\n<title>{escape(title)}</title>\n<style>\n{style}</style>\n'
        f"</head>\n<body>\n{body}</body>\n</html>\n"
    )


def section(title: str, body: str) -> str:
    """A section with its heading; nothing where `body`, which is HTML, is empty."""
    return f"<section>\n<h2>{escape(title)}</h2>\n{body}</section>\n" if body else ""


def folded(title: str, body: str, is_open: bool = False) -> str:
    """HTML that unfolds under its title, which is shown as code; nothing where there is none."""
    state = " open" if is_open else ""
    return f"<details{state}><summary><code>{escape(title)}</code></summary>{body}</details>\n" if body else ""


def table(facts: Mapping[str, Any]) -> str:
    """A table of names and values; nothing where there is none."""
    rows = "\n".join(f"<tr><th>{escape(str(name))}</th><td>{figure(fact)}</td></tr>" for name, fact in facts.items())
    return f"<table><tbody>{rows}</tbody></table>\n" if rows else ""


def figure(value: Any) -> str:
    """A value as a person reads it, escaped: floats to four or five figures, an absent one as a dash."""
    return escape(shown(value))


def shown(value: Any) -> str:
    """A value as a person reads it, as plain text."""
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:.4f}" if 0.001 <= abs(value) < 1000 else f"{value:.4g}"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
