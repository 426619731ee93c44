"""Which of the user's own files took part in a run: known once it has run, from the modules that are loaded."""

import sys
import sysconfig
from pathlib import Path


def loaded_sources(roots: list[Path]) -> list[Path]:
    """The files of loaded modules that lie below one of `roots`, sorted.

    Installed packages and the standard library are left out, also where a virtual environment lies below a root;
    so are files that have gone since.
    """
    homes = [root.resolve() for root in roots]
    installed = _installed_folders()
    found: set[Path] = set()
    for module in list(sys.modules.values()):  # a copy: importing threads may still add to it
        file = getattr(module, "__file__", None)
        if not isinstance(file, str) or not file.endswith(".py"):
            continue
        path = Path(file).resolve()
        ours = any(path.is_relative_to(home) for home in homes)
        if ours and not any(path.is_relative_to(folder) for folder in installed) and path.is_file():
            found.add(path)
    return sorted(found)


def _installed_folders() -> list[Path]:
    """Where installed code lives, this package among it: an editable install lies in a folder of its own."""
    names = ("stdlib", "platstdlib", "purelib", "platlib")
    folders = {Path(sysconfig.get_path(name)).resolve() for name in names}
    return [*folders, Path(__file__).resolve().parents[1]]
