"""The digest of the generator is that of its whole state, whatever was drawn, and however often it is asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from xxhash import xxh3_64_hexdigest

from glassloop.recorder import drawn

DRAWS: list[Callable[[], Any]] = [
    lambda: None,
    lambda: torch.rand(3),
    lambda: torch.randn((), dtype=torch.float64),
    lambda: torch.randn((), dtype=torch.float64),  # which the draw before has left: the engine stands
    lambda: torch.randn(()),
    lambda: torch.randperm(1000),
    lambda: torch.manual_seed(5),
    lambda: torch.manual_seed(5),
    lambda: torch.set_rng_state(state),
    lambda: torch.nn.functional.dropout(torch.ones(9)),
]
state = torch.Generator().manual_seed(7).get_state()


@pytest.mark.parametrize("known", [True, False])
def test_the_digest_is_that_of_the_whole_state(known: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if not known:  # as with a torch whose generators lie otherwise
        monkeypatch.setattr(drawn, "_memory", lambda generator: None)
    with torch.random.fork_rng(devices=[]):
        digest = drawn.digester()
        found = []
        for draw in DRAWS * 2:
            draw()
            found.append(digest())
            assert found[-1] == digest() == xxh3_64_hexdigest(torch.get_rng_state().numpy())
    assert len(set(found)) > len(DRAWS)


def test_the_generator_of_this_torch_is_known_where_it_lies() -> None:
    assert drawn._is_known()
    assert drawn._memory(torch.default_generator) is not None
