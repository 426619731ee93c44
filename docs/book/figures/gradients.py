"""The norm of the gradients that each step reads, cleared and never cleared.

python docs/book/figures/gradients.py OUT.svg
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from press.drawing import main, side_by_side

NEEDS = ("zero-grad-missing",)


def draw(out, lab):
    """Draws it from the lab's runs."""
    side_by_side(out, lab["zero-grad-missing"][0], "grad_norm", "norm of the gradients at the step", log=True)


if __name__ == "__main__":
    main(NEEDS, draw)
