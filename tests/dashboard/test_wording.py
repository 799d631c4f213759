from __future__ import annotations

import pytest

from dashboard import wording


def test_scores_carry_a_real_minus_and_no_signed_zero() -> None:
    assert [wording.score(v) for v in (-1.24, 0.8, 0.0, -0.04, None)] == [
        "\u22121.2",
        "+0.8",
        "0.0",
        "0.0",
        "\u2014",
    ]


def test_shares() -> None:
    assert [wording.share(v) for v in (0.004, 0.0, 0.515, 1.0, None)] == [
        "< 1 %",
        "0 %",
        "52 %",
        "100 %",
        "\u2014",
    ]


@pytest.mark.parametrize(
    ("first", "last", "said"),
    [
        ("2026-11-03T08:00:00Z", "2026-11-03T18:00:00Z", "3 Nov 2026"),
        ("2026-11-03T08:00:00Z", "2026-11-12T18:00:00Z", "3\u201312 Nov 2026"),
        ("2026-10-30T08:00:00Z", "2026-11-02T18:00:00Z", "30 Oct \u2013 2 Nov 2026"),
        ("2025-12-30T08:00:00Z", "2026-01-02T18:00:00Z", "30 Dec 2025 \u2013 2 Jan 2026"),
        (None, "2026-01-02T18:00:00Z", "2 Jan 2026"),
        (None, None, "\u2014"),
    ],
)
def test_spans(first: str | None, last: str | None, said: str) -> None:
    assert wording.span(first, last) == said


def test_times_are_told_in_utc_whatever_their_offset() -> None:
    assert wording.time("2026-11-14T10:32:00+02:00") == "14 Nov 2026, 08:32 UTC"
    assert wording.time("not a time") == "no date given"


def test_names_of_labels() -> None:
    assert wording.name("business_and_economy") == "Business and economy"
    assert wording.name("lgbtq_rights") == "LGBTQ rights"
    assert wording.name("same-text") == "Same text"
