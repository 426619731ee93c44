"""What an adapter says about its tool."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

Said = dict[str, str]  # what a tool reports at warning level or above: its own id of the report, and one message


@dataclass(frozen=True)
class Tool:
    """A tool, installed and used as its README says.

    `before`, `around` and `after` are the lines that a user adds to the script: before the training, a `with` line around
    it, and after it. `said` is the bench's own text after them, which fills a dict `said`; or `read(python, folder)` finds
    out from what the tool has left in `folder`. What it raises counts as said, too.
    """

    name: str
    install: tuple[str, ...]  # for pip
    modules: tuple[str, ...]  # loaded once for all runs
    before: str = ""
    around: str = ""
    after: str = ""
    said: str = "said = {}\n"
    no_deps: str = ""  # why it is installed without what it asks for
    read: Callable[[Path, Path], Said] | None = None
    driver: str = ""  # what runs instead of the script, which is user.py then
    unlike: str = ""  # what is to be known about how it is used here

    @property
    def lines(self) -> int:
        """How many lines a user adds to the script, imports among them."""
        return sum(bool(line.strip()) for text in (self.before, self.around, self.after) for line in text.splitlines())

    def attached(self, script: str) -> str:
        """The script with the tool's lines in it; it prints `said {...}`."""
        if self.driver:
            return script
        training = "val_loss = train()\n"
        if self.around:
            script = script.replace(training, f"{self.around.rstrip()}\n    {training}")
        script = script.replace("# attach\n", self.before)
        return script.replace("# detach\n", self.after + self.said + 'print("said", json.dumps(said))\n')
