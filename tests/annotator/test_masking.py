from __future__ import annotations

import pytest

from annotator.masking import PLACEHOLDER, digest, mask

PROSE = (
    "Applicants may apply for a map of the capital. The week was long, and in time the nation's "
    "reason for a new slate of people became the post office's problem. A fox ran up the hill "
    "toward the guardian of the globe; the sun, a mirror and a wired fence stood by. "
    "Voters cast votes in Voxholm while vicereine Insiders sold variety tickets."
)


def test_prose_without_outlets_is_left_alone() -> None:
    assert mask(PROSE) == PROSE


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("She told Fox News that it rained.", f"She told {PLACEHOLDER} that it rained."),
        ("He told AP he would apply.", f"He told {PLACEHOLDER} he would apply."),
        ("AP classes start at noon.", "AP classes start at noon."),
        ("Time flies, Time magazine said.", f"Time flies, {PLACEHOLDER} magazine said."),
        ("The New York Times's board met.", f"{PLACEHOLDER}'s board met."),
        ("a NEW YORK TIMES poll", f"a {PLACEHOLDER} poll"),
        ("CNNers and NPRish and preReuters", "CNNers and NPRish and preReuters"),
        ("The Federalist Papers", "The Federalist Papers"),
        ("It is on foxnews.com/politics now.", f"It is on {PLACEHOLDER} now."),
        ("a slate of reasons to vote", "a slate of reasons to vote"),
        ("Mr. Alder met Ms. Marsh in the U.S. Senate", "Alder met Marsh in the US Senate"),
        ("See https://example.org/a?b=1 or @someone", "See or"),
    ],
)
def test_mentions(text: str, expected: str) -> None:
    assert mask(text) == expected


@pytest.mark.parametrize(
    "opening",
    [
        "WASHINGTON (AP) — ",
        "LINDHAVEN, Ohio (Reuters) - ",
        "(CNN) — ",
        "CNN — ",
        "LONDON — ",
        "By Ann Alder\n",
        "By Ann Alder and Bo Marsh, Staff Writer\n",
    ],
)
def test_openings_of_a_report_go(opening: str) -> None:
    assert mask(f"{opening}Two ferries were taken out of service.") == (
        "Two ferries were taken out of service."
    )


@pytest.mark.parametrize(
    "furniture",
    [
        "CLICK HERE TO GET THE FOX NEWS APP",
        "Story Continued Below",
        "Advertisement",
        "Enlarge this image\ntoggle caption",
        "Copyright © 2019 The Washington Times, LLC.",
        "The Associated Press contributed to this report.",
    ],
)
def test_page_furniture_goes(furniture: str) -> None:
    masked = mask(f"The vote was close.\n{furniture}\nIt will be repeated.")
    assert masked.split() == ["The", "vote", "was", "close.", "It", "will", "be", "repeated."]


def test_furniture_words_in_a_sentence_stay() -> None:
    text = (
        "There is more: an advertisement closed the video, and what's happening in Iraq is unclear."
    )
    assert mask(text) == text


def test_a_report_loses_few_words_and_masking_twice_changes_nothing() -> None:
    report = f"WASHINGTON (AP) — {PROSE} Senator Alder told CNN so. " + "Prices rose in May. " * 30
    masked = mask(report)
    lost = 1 - len(masked.split()) / len(report.split())
    assert 0 < lost < 0.05
    assert mask(masked) == masked


def test_digest_is_stable() -> None:
    assert digest() == digest()
    assert len(digest()) == 12
