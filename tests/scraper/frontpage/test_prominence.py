from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from scraper.frontpage.prominence import prominence

SCREEN = (1440, 900)
reals = st.floats(-1e9, 1e9)


def at(top: float = 0.0, font: float = 16.0, image: float | None = None) -> float:
    return prominence(top_px=top, font_px=font, image_px2=image, viewport_px=SCREEN)


def test_the_formula_at_places_that_can_be_checked_by_hand() -> None:
    assert at() == 1.0
    assert at(font=32.0) == 4.0
    assert at(top=900.0) == math.exp(-1)
    assert at(image=1440.0 * 900.0) == 2.0
    assert at(image=1440.0 * 900.0 / 4) == 1.5


@given(reals, reals, st.none() | reals.map(abs))
def test_it_is_positive_and_finite_wherever_a_page_puts_things(
    top: float, font: float, image: float | None
) -> None:
    value = at(top, font, image)
    assert math.isfinite(value)
    assert value > 0


@given(st.floats(0, 1e5), st.floats(0, 1e5), st.floats(8, 100), st.floats(8, 100))
def test_higher_and_larger_is_more(a: float, b: float, small: float, large: float) -> None:
    assert at(top=min(a, b)) >= at(top=max(a, b))
    assert at(font=max(small, large)) >= at(font=min(small, large))
