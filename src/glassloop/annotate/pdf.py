"""The HTML page, printed to PDF by a browser of the Chromium family, where there is one."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "microsoft-edge", "msedge")
VARIABLE = "GLASSLOOP_BROWSER"  # the path of another one
SECONDS = 120


def find_browser() -> str | None:
    """The path of a browser that prints, or None."""
    found = (shutil.which(name) for name in (os.environ.get(VARIABLE, ""), *BROWSERS) if name)
    return next((path for path in found if path), None)


def print_pdf(browser: str, html: str, out: Path) -> str:
    """Prints `html` into `out`; returns an empty string, or why it failed, in one line."""
    with tempfile.TemporaryDirectory(prefix="glassloop-pdf-") as folder:
        page, made = Path(folder, "page.html"), Path(folder, "page.pdf")
        page.write_text(html, encoding="utf-8")
        sandbox = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []  # it refuses root otherwise
        command = [browser, "--headless", "--disable-gpu", *sandbox, f"--user-data-dir={folder}/profile"]
        command += ["--no-pdf-header-footer", f"--print-to-pdf={made}", page.as_uri()]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, cwd=folder)
        except (OSError, subprocess.TimeoutExpired) as error:
            return f"{browser} did not print: {type(error).__name__}"
        if not made.exists():
            last = done.stderr.strip().splitlines()[-1:] or [f"exit code {done.returncode}"]
            return f"{browser} did not print: {last[0]}"
        shutil.copyfile(made, out)
    return ""
