"""What is said of an outlet of which no article of an event was found: a verdict and a sentence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

COVERED, BLINDSPOT, UNREMARKABLE = "covered", "blindspot", "unremarkable"
OPEN, TOO_SMALL, NOT_CRAWLED, TOO_YOUNG = "open", "too-small", "not-crawled", "too-young"

LATE_H: Final = 24  # an event is over when nobody wrote of it for so long

WORDS: Final = "not covered in what we crawled"

SAYINGS: Final[Mapping[str, str]] = {
    BLINDSPOT: f"{WORDS}: expected with probability {{expected:.3f}}, from {{past_events}} past "
    "events; q {q:.3f}; crawled well on {days_crawled} of {days} days",
    UNREMARKABLE: f"{WORDS}, which is no surprise: expected with probability {{expected:.3f}}, "
    "from {past_events} past events; q {q:.3f}; crawled well on {days_crawled} of {days} days",
    OPEN: "nothing yet: the event is not over",
    TOO_SMALL: "no claim: too few other outlets carried it to expect anything",
    NOT_CRAWLED: "no claim: crawled well on {days_crawled} of {days} days, nobody knows of the "
    "others",
    TOO_YOUNG: "no claim: {past_events} past events of this outlet are too few",
}


def said(verdict: Mapping[str, Any]) -> str:
    """A verdict as a sentence."""
    return SAYINGS[verdict["verdict"]].format(**verdict)
