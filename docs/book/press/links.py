"""Every link of the built pages: anchors and files must be there, links to elsewhere are listed and not followed."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.anchors: list[str] = []
        self.links: list[str] = []
        self.loads: list[str] = []  # what a browser would fetch to show the page

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = dict(attributes)
        if given.get("id"):
            self.anchors.append(str(given["id"]))
        if tag == "a" and given.get("href"):
            self.links.append(str(given["href"]))
        elif given.get("src") or (tag == "link" and given.get("href")):
            self.loads.append(str(given.get("src") or given.get("href")))


def check(pages: list[Path]) -> tuple[list[str], list[str]]:
    """(what is wrong, one line each; the links to elsewhere)."""
    parsed: dict[Path, _Page] = {}
    for path in pages:
        parsed[path] = _Page()
        parsed[path].feed(path.read_text(encoding="utf-8"))
    wrong: list[str] = []
    elsewhere: set[str] = set()
    for path, page in parsed.items():
        doubled = {anchor for anchor in page.anchors if page.anchors.count(anchor) > 1}
        wrong += [f"{path.name}: the anchor #{anchor} stands there more than once" for anchor in sorted(doubled)]
        wrong += [f"{path.name}: loads {load[:60]} from elsewhere" for load in page.loads if not load.startswith("data:")]
        for link in page.links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                elsewhere.add(link)
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            if not target.exists():
                wrong.append(f"{path.name}: {link} leads to no file")
            elif parts.fragment and target in parsed and parts.fragment not in parsed[target].anchors:
                wrong.append(f"{path.name}: {link} leads to no anchor")
    return wrong, sorted(elsewhere)
