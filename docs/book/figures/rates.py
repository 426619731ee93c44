"""The learning rate of each step, where the schedule steps once an epoch and once a batch.

python docs/book/figures/rates.py OUT.svg
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from press.drawing import main, side_by_side

NEEDS = ("scheduler-per-batch",)


def draw(out, lab):
    """Draws it from the lab's runs."""
    side_by_side(out, lab["scheduler-per-batch"][0], "lr", "learning rate used")


if __name__ == "__main__":
    main(NEEDS, draw)
