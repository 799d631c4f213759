"""What may be asked of events and stories."""

from __future__ import annotations

from typing import Final, Literal

from pydantic import Field

from api import event_schemas, state_schemas
from api.filters import (
    Asked,
    Dated,
    From,
    Listed,
    Seen,
    Text,
    To,
    Words,
    given,
)
from newsroom.store.reading.where import Where

STORIES_MAX: Final = 50  # of one answer about coverage; each asks every outlet


class EventsQuery(Seen, Listed):
    """Parameters of the events."""

    row = event_schemas.EventRow

    publisher: list[Text] = Field(
        [], max_length=50, description="Covered by any of these outlets; repeat it for several."
    )
    without: Text | None = Field(
        None,
        description="Of which nothing by this outlet is stored: no claim that it brought nothing.",
    )
    topic: Text | None = Field(None, description="With an article under this topic.")
    story: Text | None = Field(None, description="Story id.")
    min_articles: int = Field(2, ge=1, le=1_000_000, description="Least number of articles.")
    published_from: From | None = Field(None, description="Still covered on this day or later.")
    published_to: To | None = Field(None, description="First covered on this day or before.")
    q: Words | None = Field(None, description="Words of the title.")
    state: Literal["open", "closed"] | None = Field(
        None, description="Only those that may still gain articles, or that are over."
    )
    sort: Literal["-last_at", "last_at", "-articles"] = Field(
        "-last_at", description="By the newest article, or most articles first."
    )

    def where(self, run_id: str | None) -> Where:
        """The store's conditions, seen through one run; through none, nothing is labelled."""
        plain = ("publisher", "without", "topic", "story", "min_articles")
        values = given(self, (*plain, "published_from", "published_to", "q"))
        names = (*values, *([self.state] if self.state else []))
        return Where(names=names, values={**values, "run_id": run_id})


class StoriesQuery(Listed):
    """Parameters of the stories."""

    row = event_schemas.StoryRow

    publisher: list[Text] = Field(
        [], max_length=50, description="Covered by any of these outlets; repeat it for several."
    )
    without: Text | None = Field(
        None,
        description="Of which nothing by this outlet is stored: no claim that it brought nothing.",
    )
    min_articles: int = Field(1, ge=1, le=1_000_000, description="Least number of articles.")
    published_from: From | None = Field(None, description="Still covered on this day or later.")
    published_to: To | None = Field(None, description="First covered on this day or before.")
    q: Words | None = Field(None, description="Words of the title.")
    state: Literal["open", "closed"] | None = Field(
        None, description="Only those that may still gain articles, or that are over."
    )
    sort: Literal["-last_at", "last_at", "-articles"] = Field(
        "-last_at", description="By the newest article, or most articles first."
    )

    def where(self) -> Where:
        """The store's conditions."""
        plain = ("publisher", "without", "min_articles", "published_from", "published_to", "q")
        values = given(self, plain)
        return Where(names=(*values, *([self.state] if self.state else [])), values=values)


class StoryCoverageQuery(Asked):
    """Parameters of who covered the largest stories."""

    publisher: list[Text] = Field(
        [], max_length=50, description="Outlets asked for their silence; all by default."
    )
    min_articles: int = Field(2, ge=1, le=1_000_000, description="Least number of articles.")
    published_from: From | None = Field(None, description="Still covered on this day or later.")
    published_to: To | None = Field(None, description="First covered on this day or before.")
    limit: int = Field(20, ge=1, le=STORIES_MAX, description="Most stories.")

    def where(self) -> Where:
        """The store's conditions."""
        values = given(self, ("min_articles", "published_from", "published_to"))
        return Where(names=tuple(values), values=values)


class LineageQuery(Dated, Listed):
    """Parameters of what became of an event or a story."""

    row = event_schemas.LineageEntry


class FactsQuery(Listed):
    """Parameters of the facts of an event."""

    row = state_schemas.Fact

    exclusive: bool | None = Field(
        None, description="Only what one outlet alone told, or only the rest; both by default."
    )
