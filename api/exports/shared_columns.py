"""Columns that several tables have."""

from __future__ import annotations

from typing import Final

from api.exports.columns import Column

HEX: Final = "3f1c9a0b6d2e4f57a8b1c2d3e4f50617"
SHA256: Final = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
WHEN: Final = "2026-11-20T08:15:00Z"

ARTICLE_ID: Final = Column(
    name="article_id",
    kind="text",
    description="Digest of the canonical address; the same on every installation. To join with the "
    "Media Bias Detector's table, whose ids are made otherwise, use url_clean.",
    example=HEX,
    required=True,
)
CONTENT: Final = Column(
    name="content_sha256",
    kind="text",
    description="SHA-256 of headline, blank line and text: what the labels were made on.",
    example=SHA256,
    required=True,
)
PUBLISHER: Final = Column(
    name="publisher",
    kind="text",
    description="Outlet id.",
    example="harborledger",
    required=True,
    mbd="publisher",
)
RUN_ID: Final = Column(
    name="run_id",
    kind="text",
    description="Run whose labels these are: the digest of labeller, definitions and settings. "
    "Empty: nothing had been labelled.",
    example=HEX,
)
STORY_ID: Final = Column(
    name="story_id", kind="text", description="Story: how events develop.", example=HEX
)
CLUSTER_ID: Final = Column(
    name="cluster_id",
    kind="text",
    description="Event: what happened, over hours to days; `event_id` in the API. Empty: in no "
    "event.",
    example=HEX,
    mbd="cluster_id",
)


def score(name: str, what: str, *, mbd: str | None = None) -> Column:
    """A score on the scale from −5 to +5."""
    return Column(
        name=name,
        kind="number",
        description=f"{what} Empty: not labelled, never zero.",
        unit="points",
        low=-5,
        high=5,
        example=-1.2,
        mbd=mbd,
    )


def share(name: str, what: str) -> Column:
    """A probability."""
    return Column(name=name, kind="number", description=what, low=0, high=1, example=0.61)


def count(name: str, what: str, *, unit: str, example: int, mbd: str | None = None) -> Column:
    """A number of things."""
    return Column(
        name=name, kind="integer", description=what, unit=unit, low=0, example=example, mbd=mbd
    )


def words(name: str, what: str, *, example: str, mbd: str | None = None) -> Column:
    """Text that somebody else wrote."""
    return Column(name=name, kind="words", description=what, example=example, mbd=mbd)


def time(name: str, what: str, *, required: bool = False, mbd: str | None = None) -> Column:
    """A time."""
    return Column(
        name=name, kind="time", description=what, example=WHEN, required=required, mbd=mbd
    )
