"""The public shapes of events and stories."""

from __future__ import annotations

from datetime import datetime

from api.schemas import (
    ARTICLE_ID,
    EVENT_ID,
    SHOWN,
    WHEN,
    ArticleRow,
    LabelsMeta,
    Page,
    RunName,
    Shape,
    _f,
)


class EventRow(Shape):
    """What happened, over hours to days."""

    event_id: str = _f("Event id.", EVENT_ID)
    story_id: str = _f("The story it is part of.", EVENT_ID)
    story_title: str = _f("Title of that story.", "The harbour ferry")
    title: str = _f("Headline of its most central article.", "Ferry vote delayed")
    title_article_id: str = _f("The article the title is of.", ARTICLE_ID)
    first_at: datetime = _f("Time of its first article.", WHEN)
    last_at: datetime = _f("Time of its last article.", WHEN)
    articles: int = _f("Articles in it.", 5)
    publishers: int = _f("Outlets in it.", 4)
    method: str = _f("How it was grouped.", "minilm-complete-1")


class EventPage(Page[EventRow]):
    """Events."""

    meta: LabelsMeta


class Member(ArticleRow):
    """An article of an event."""

    score: float = _f("Similarity to the event, −1 to 1.", 0.81)
    method: str = _f("How it was joined.", "minilm-complete-1")


class Coverage(Shape):
    """What one outlet made of an event. The means rest on few articles: see each n."""

    publisher_id: str = _f("Outlet id.", "harborledger")
    publisher: str = _f("Outlet name.", "The Harbor Ledger")
    articles: int = _f("Its articles in the event, duplicates included.", 2)
    first_at: datetime = _f("Time of its first article.", WHEN)
    lean_mean: float | None = _f("Mean lean.", -0.8)
    lean_n: int = _f("Articles with a lean.", 2)
    tone_mean: float | None = _f("Mean tone.", -1.5)
    tone_n: int = _f("Articles with a tone.", 2)


class Absent(Shape):
    """An outlet of which other articles of those days are stored, but none of the event."""

    publisher_id: str = _f("Outlet id.", "kestrelcourier")
    publisher: str = _f("Outlet name.", "The Kestrel Courier")
    articles_on_those_days: int = _f("Its stored articles on the days of the event.", 14)


class NotStored(Shape):
    """Outlets without a stored article of the event: a gap in the store, or a choice of theirs."""

    note: str = _f("What this list does and does not say.")
    outlets: list[Absent] = _f("Most articles of those days first.")


class Event(EventRow):
    """An event with its articles and its coverage by outlet."""

    run: RunName | None = _f(SHOWN)
    coverage: list[Coverage] = _f("By outlet, most articles first.")
    members: list[Member] = _f("Its articles, oldest first.")
    not_stored: NotStored
    siblings: list[EventRow] = _f("The other events of its story, oldest first.")


class StoryRow(Shape):
    """How something develops, over days to weeks."""

    story_id: str = _f("Story id.", EVENT_ID)
    title: str = _f("Headline of its most central article.", "The harbour ferry")
    title_article_id: str = _f("The article the title is of.", ARTICLE_ID)
    first_at: datetime = _f("Time of its first article.", WHEN)
    last_at: datetime = _f("Time of its last article.", WHEN)
    articles: int = _f("Articles in it.", 12)
    publishers: int = _f("Outlets in it.", 6)
    events: int = _f("Events in it.", 3)
    method: str = _f("How it was grouped.", "minilm-complete-1")


class StoryPage(Page[StoryRow]):
    """Stories, the one with the newest article first."""


class Story(Shape):
    """A story with its events."""

    story_id: str = _f("Story id.", EVENT_ID)
    title: str = _f("Headline of its most central article.", "The harbour ferry")
    title_article_id: str = _f("The article the title is of.", ARTICLE_ID)
    first_at: datetime = _f("Time of its first article.", WHEN)
    last_at: datetime = _f("Time of its last article.", WHEN)
    articles: int = _f("Articles in it: list them with `/v1/articles?story=`.", 12)
    publishers: int = _f("Outlets in it.", 6)
    method: str = _f("How it was grouped.", "minilm-complete-1")
    outside_events: int = _f("Articles of it that are in none of its events.", 1)
    events: list[EventRow] = _f("Its events, oldest first.")
