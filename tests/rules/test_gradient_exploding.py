"""What is enough where a run is stopped in the blow-up, and what is not."""

from __future__ import annotations

import math

from glassloop.events import MEASURED, OPTIMIZER, ROWS, Event, Ref, Row
from glassloop.rules.gradient_exploding import hear, initial

ME = Ref(1, OPTIMIZER, "optimizer")
CALM = [(0.4, 0.6), (0.5, 0.9), (0.3, 0.7), (0.45, 0.8)] * 4
BLOW_UP = [(3.4, 7.5), (43.0, 53.0), (25e3, 7e3)]


def told(steps: list[tuple[float, float]], rates: list[float] | None = None) -> list[str]:
    """What is said of a run with these losses and norms that ends after them."""
    rows = [Row(i, None, None, loss, norm, None, (0.1,), False, False) for i, (loss, norm) in enumerate(steps, 1)]
    rows = [row._replace(rates=(rate,)) for row, rate in zip(rows, rates, strict=True)] if rates else rows
    state, said = initial(ME), []
    for begin in range(0, len(rows), 16):
        state, stories = hear(state, Event(MEASURED, None, ME, (ME,), {ROWS: tuple(rows[begin : begin + 16])}))
        said += [story.says for story in stories]
    return said


def test_three_steps_that_each_multiply_loss_and_norm_are_enough_at_the_end():
    (says,) = told(CALM + BLOW_UP)
    assert "leaps to 53 at step 18" in says
    assert "to 2.5e+04" in says


def test_two_are_enough_where_nothing_is_left_to_doubt():
    assert told([*CALM, (130.0, 2e3), (3e14, 3e15)])
    assert not told([*CALM, (130.0, 2e3), (1.2e4, 2e4)]), "one wild batch, and what it has done to the next: may pass"


def test_a_blow_up_that_is_got_over_needs_more():
    assert not told([*CALM, (3.4, 7.5), (43.0, 53.0), (60.0, 80.0), *CALM]), "not by orders of magnitude"
    assert not told([*CALM, (25e3, 7e3), *CALM]), "one step"


def test_a_search_for_the_rate_blows_up_on_purpose():
    assert not told(CALM + BLOW_UP, [0.001 * 1.5**i for i in range(len(CALM + BLOW_UP))])


def test_a_restless_past_is_no_past():
    noisy = [(loss * 30, norm * 30) if i % 3 == 1 else (loss, norm) for i, (loss, norm) in enumerate(CALM)]
    assert not told(noisy + BLOW_UP)
    assert not told(CALM[:4] + BLOW_UP), "nor is one of four steps"


def test_straight_to_infinity_from_the_start_is_left_to_gradient_nonfinite():
    growing = [(200.0 ** (2 * i), 200.0**i) for i in range(8)]
    assert told(growing)
    assert not told([*growing, (math.inf, math.inf), (math.nan, math.nan)])
    assert told(CALM + BLOW_UP + [(math.inf, math.inf), (math.nan, math.nan)]), "an explosion first, then that"
