"""Shapes of a comparison."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from api.schemas import SHOWN, AsOf, RunName, Shape, _f


class Side(Shape):
    """One of the two slices in one measure."""

    n: int = _f("Articles measured.", 120)
    value: float | None = _f("Mean, or share of the articles; null where none is measured.", -0.7)
    ci_low: float | None = _f("Lower end of the 95 % interval; null when n < 2.", -1.1)
    ci_high: float | None = _f("Upper end of the 95 % interval; null when n < 2.", -0.3)


class Compared(Shape):
    """One measure of both slices, and how they differ."""

    measure: str = _f("A metric of /v1/trends, or category, topic or news_type.", "lean")
    label: str | None = _f("The class whose share is compared; null for a mean.", "elections")
    kind: Literal["mean", "share"] = _f("What is compared.", "mean")
    a: Side
    b: Side
    difference: float | None = _f("First less second; null where a side has no value.", 0.4)
    ci_low: float | None = _f("Lower end of its own 95 % interval.", 0.1)
    ci_high: float | None = _f("Upper end of its own 95 % interval.", 0.7)
    p_adjusted: float | None = _f(
        "Holm's p-value over all differences tested here; null: not tested, because a side has "
        "fewer than 30 articles.",
        0.03,
    )
    differs: bool | None = _f("Whether that is below 5 %; null: not tested.", True)


class ComparedMeta(Shape):
    """What was compared, and how."""

    of: Literal["outlets", "periods"] = _f("What `a` and `b` name.", "outlets")
    a: str = _f("First outlet or span of days, as asked.", "harborledger")
    b: str = _f("Second one.", "kestrelcourier")
    run: RunName | None = _f(SHOWN)
    as_of: AsOf | None = _f("Null: as of now.")
    tested: int = _f("Differences that were tested together.", 24)
    n_min: int = _f("Articles that either side needs for a test.", 30)
    methods: list[str] = _f("How intervals and p-values are made, with sources.", ["Welch 1947"])


class Comparison(Shape):
    """Two slices in every measure."""

    data: list[Compared]
    next_cursor: None = Field(None, description="Always null.")
    meta: ComparedMeta
