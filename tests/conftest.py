"""For all tests: one leaves nothing for the next to look through."""

import gc
import sys
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def _settled() -> Iterator[None]:
    """What a test leaves is collected, and what outlives it is set aside for good.

    A watch looks through all living objects as it begins; with the frameworks loaded these are millions, and took a second.
    """
    yield
    if "torch" in sys.modules:
        gc.collect()
        gc.freeze()
