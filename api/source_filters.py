"""What may be asked of outlets, and of what came of looking at them."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from api import schemas, service_schemas, source_schemas
from api.filters import LIMIT_MAX, Asked, From, Listed, Text, To, given
from newsroom.store.reading.where import Where


def _day(value: object) -> date:
    text = str(value).strip()
    try:
        return date.fromisoformat(text if len(text) == len("2026-11-20") else "")
    except ValueError as error:
        raise ValueError("give a date: 2026-11-20") from error


Day = Annotated[
    date,
    BeforeValidator(_day),
    WithJsonSchema({"type": "string", "format": "date", "examples": ["2026-11-20"]}),
]
Outlets = Annotated[list[Text], Field(max_length=50, examples=[["bbc"]])]
Verdict = Literal["ok", "quiet", "kept-out", "broken", "not-crawled"]


class OutletsQuery(Listed):
    """Parameters of the outlets."""

    row = schemas.Outlet

    q: Text | None = Field(None, description="Part of the name or the id.", examples=["ledger"])


class RefusalsQuery(Listed):
    """Parameters of the refusals."""

    row = service_schemas.Refusal

    publisher: Outlets = Field([], description="Outlet id; may be repeated.")
    code: Text | None = Field(None, description="Reason, in kebab case.", examples=["soft-404"])

    def where(self) -> Where:
        """The store's conditions."""
        values = given(self, ("publisher", "code"))
        return Where(names=tuple(values), values=values)


class FrontPagesQuery(Listed):
    """Parameters of the looks at front pages."""

    row = source_schemas.FrontPageRow

    publisher: Outlets = Field([], description="Outlet id; may be repeated.")
    status: Literal["ok", "thin", "refused", "failed", "missed"] | None = Field(
        None, description="What came of the look."
    )
    taken_from: From | None = Field(None, description="Earliest day or time, included.")
    taken_to: To | None = Field(
        None, description="Latest day, included whole, or the time before which."
    )
    sort: Literal["-taken_at", "taken_at"] = Field("-taken_at", description="By time of the look.")

    def where(self) -> Where:
        """The store's conditions."""
        values = given(self, ("publisher", "status", "taken_from", "taken_to"))
        return Where(names=tuple(values), values=values)


class FrontPagesNowQuery(Asked):
    """Parameters of the front pages of now."""

    publisher: Outlets = Field([], description="Outlet id; may be repeated; all by default.")
    top: int = Field(3, ge=1, le=20, description="How many of the highest pieces of each.")
    limit: int = Field(50, ge=1, le=LIMIT_MAX, description="Most outlets.")


class SourcesQuery(Listed):
    """Parameters of outlet-days."""

    row = source_schemas.SourceDay

    publisher: Outlets = Field([], description="Outlet id; may be repeated.")
    day_from: Day | None = Field(None, description="First day, in the outlet's own time zone.")
    day_to: Day | None = Field(None, description="Last day, included.")
    verdict: Verdict | None = Field(None, description="What the day was to us.")


class GapsQuery(Asked):
    """Parameters of the gaps."""

    publisher: Outlets = Field([], description="Outlet id; may be repeated; all by default.")
    day_from: Day = Field(description="First day, in the outlet's own time zone.")
    day_to: Day = Field(description="Last day, included.")

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.day_to < self.day_from:
            raise ValueError("day_to is before day_from")
        return self
