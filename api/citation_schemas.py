"""The public shapes of a citation."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from pydantic import Field

from api.filters import Asked
from api.run_schemas import Measure
from api.schemas import ARTICLE_ID, SHOWN, WHEN, AsOf, RunName, Shape, _f

OF = "/v1/trends?metric=lean&by=publisher&topic=Elections"
OF_MAX = 8_000  # what servers take as one address


class CiteQuery(Asked):
    """What is to be cited."""

    of: str = Field(
        min_length=1,
        max_length=OF_MAX,
        description="Path and parameters of a list or of trends, as they are asked; with `&` "
        "written as `%26`.",
        examples=[OF],
    )


class CitationText(Shape):
    """The citation in three spellings."""

    apa: str = _f("For a list of references, in APA's order.", "The Newsroom maintainers. (2026).")
    bibtex: str = _f("A BibTeX entry.", "@misc{newsroom_3f1c9a0b, …}")
    cff: str = _f("A CITATION.cff.", "cff-version: 1.2.0")


class SeenDays(Shape):
    """Days by how they were seen. They add up to `days`."""

    days: int | None = _f("Days that the slice is about; null where it has no first or last.", 30)
    days_complete: int = _f("Seen to the end, and as much as always.", 27)
    days_unfinished: int = _f("Judged before they were over.", 0)
    days_kept_out: int = _f("The outlet refused us.", 1)
    days_broken: int = _f("What came falls short of what it always brings.", 1)
    days_not_crawled: int = _f("Nobody looked.", 1)
    days_unjudged: int | None = _f("Nobody looked, or nobody judged it; null with `days`.", 0)


class OutletDays(SeenDays):
    """The days of one outlet."""

    publisher: str = _f("Outlet id.", "harborledger")


class Completeness(SeenDays):
    """How well what the slice is about was seen: outlet-days of all its outlets together."""

    first_day: date | None = _f("First day.", "2026-11-01")
    last_day: date | None = _f("Last day, included.", "2026-11-30")
    outlets: list[OutletDays] = _f("By outlet; those without a filter are all there are.")


class UsedLabel(Shape):
    """A label that the question uses."""

    stage: str = _f("What is labelled.", "subtopic")
    scope: str = _f("article, headline or sentence.", "article")


class Validation(Shape):
    """How good the labels are that the question uses: that it filters by, or shows."""

    measures: list[Measure] = _f("What was measured of this labeller.")
    unmeasured: list[UsedLabel] = _f("What it uses and nobody measured.")


class Citation(Shape):
    """How to cite a question and find the same answer again."""

    of: str = _f("What was asked.", OF)
    query_id: str = _f("Digest of the pinned question.", "8d969eef6ecad3c2")
    call: str = _f("The call that gives this answer again.", f"https://newsroom.example{OF}")
    pinned: bool = _f("The call gives the same whatever comes in later.", True)
    not_pinned: str | None = _f("Why it does not; null where it does.")
    as_of: AsOf | None = _f("As of when; null where that is not pinned.")
    run: RunName | None = _f(SHOWN)
    snapshot_id: str | None = _f(
        "Id of the export of the articles that it is of; null where that is not pinned.", ARTICLE_ID
    )
    export: dict[str, Any] | None = _f(
        "Body of `POST /v1/exports` that makes this snapshot.", {"as_of": WHEN}
    )
    permalink: str | None = _f(
        "The same view in the explorer; null where it has none.",
        "https://newsroom.example/framing?topic=Elections",
    )
    permalink_leaves_out: list[str] = _f("Parameters that the explorer does not know.", ["by"])
    snippet: str = _f("Python that asks the same.", "from newsroom.client import Newsroom")
    text: CitationText
    articles: int | None = _f("Articles that it is of; null for lists of other things.", 312)
    completeness: Completeness
    validation: Validation
    retrieved_at: datetime = _f("When this was asked.", WHEN)
