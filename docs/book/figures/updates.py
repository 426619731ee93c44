"""The length of each update with damaged scans in the data, clipped and clipped too late.

python docs/book/figures/updates.py OUT.svg
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from press.drawing import main, side_by_side

NEEDS = ("clip-after-step",)


def draw(out, lab):
    """Draws it from the lab's runs."""
    side_by_side(out, lab["clip-after-step"][0], "update", "length of the update", log=True)


if __name__ == "__main__":
    main(NEEDS, draw)
