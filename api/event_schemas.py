"""The public shapes of events and stories."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from api.schemas import (
    ARTICLE_ID,
    EVENT_ID,
    SHOWN,
    WHEN,
    ArticleRow,
    AsOf,
    LabelsMeta,
    Meta,
    Page,
    RunName,
    Shape,
    ThenMeta,
    _f,
)


class Kept(Shape):
    """What the ledger keeps of an event or a story; null as of an earlier time."""

    title_by: str | None = _f(
        "Who gave the title: human:NAME, a method; null: it is a headline.", "human:ada"
    )
    closed_at: datetime | None = _f("When it counted as over; null: open, or as of then.", WHEN)
    cohesion: float | None = _f("Mean cosine between its articles, −1 to 1.", 0.71)
    purity: float | None = _f(
        "Share of its articles that are nearest to its own centre, 0 to 1.", 0.9
    )
    version: int | None = _f("Version of the ledger that changed it last.", 17)


class Part(Shape):
    """An outlet's part in an event or a story."""

    publisher_id: str = _f("Outlet id.", "harborledger")
    publisher: str = _f("Outlet name.", "The Harbor Ledger")
    articles: int = _f("Its articles.", 2)


class Outline(Shape):
    """When an event or a story was covered and by whom, short enough for a list."""

    outlets: list[Part] | None = _f(
        "The outlets that came first, in that order and at most twelve; null as of an earlier time."
    )
    by_day: dict[str, int] | None = _f(
        "Articles of each day (UTC) that has any; null as of an earlier time.", {"2026-11-20": 5}
    )


class EventRow(Kept, Outline):
    """What happened, over hours to days."""

    event_id: str = _f("Event id.", EVENT_ID)
    story_id: str = _f("The story it is part of.", EVENT_ID)
    story_title: str | None = _f("Title of that story.", "The harbour ferry")
    title: str | None = _f("Title: see `title_by`; null: not known of then.", "Ferry vote delayed")
    title_article_id: str | None = _f("The article the title is of.", ARTICLE_ID)
    first_at: datetime = _f("Time of its first article.", WHEN)
    last_at: datetime = _f("Time of its last article.", WHEN)
    articles: int = _f("Articles in it.", 5)
    publishers: int = _f("Outlets in it.", 4)
    method: str | None = _f("How it was grouped.", "minilm-complete-1")


class EventPage(Page[EventRow]):
    """Events."""

    meta: LabelsMeta


class Member(ArticleRow):
    """An article of an event or a story."""

    score: float = _f("Similarity to the event, −1 to 1.", 0.81)
    method: str | None = _f("How it was joined; null as of an earlier time.", "minilm-complete-1")
    role: str = _f("core: what the event was formed of; attached: joined to it later.", "core")
    evidence: dict[str, Any] | None = _f(
        "Why it is here: the members it is nearest to and what they share.", {"nearest": []}
    )


class MemberList(Shape):
    """Every article of an event or a story by its time; never cut into pages."""

    data: list[Member]
    next_cursor: None = _f("Always null.")
    meta: ThenMeta


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

    note: str = _f("What this list does and does not say.", "No claim that they did not cover it.")
    outlets: list[Absent] = _f("Most articles of those days first.")


class Event(EventRow):
    """An event with its articles and its coverage by outlet."""

    run: RunName | None = _f(SHOWN)
    as_of: AsOf | None = _f("Null: as of now.")
    coverage: list[Coverage] = _f("By outlet, most articles first.")
    members: list[Member] = _f("Its articles, oldest first.")
    not_stored: NotStored
    siblings: list[EventRow] = _f("The other events of its story, oldest first.")


class StoryRow(Kept, Outline):
    """How something develops, over days to weeks."""

    story_id: str = _f("Story id.", EVENT_ID)
    title: str | None = _f("Title: see `title_by`; null: not known of then.", "The harbour ferry")
    title_article_id: str | None = _f("The article the title is of.", ARTICLE_ID)
    first_at: datetime = _f("Time of its first article.", WHEN)
    last_at: datetime = _f("Time of its last article.", WHEN)
    articles: int = _f("Articles in it.", 12)
    publishers: int = _f("Outlets in it.", 6)
    events: int = _f("Events in it.", 3)
    method: str | None = _f("How it was grouped.", "minilm-complete-1")


class StoryPage(Page[StoryRow]):
    """Stories, the one with the newest article first."""


class Story(Kept):
    """A story with its events."""

    story_id: str = _f("Story id.", EVENT_ID)
    title: str | None = _f("Title: see `title_by`; null: not known of then.", "The harbour ferry")
    title_article_id: str | None = _f("The article the title is of.", ARTICLE_ID)
    first_at: datetime = _f("Time of its first article.", WHEN)
    last_at: datetime = _f("Time of its last article.", WHEN)
    articles: int = _f("Articles in it: list them with `/v1/articles?story=`.", 12)
    publishers: int = _f("Outlets in it.", 6)
    method: str | None = _f("How it was grouped.", "minilm-complete-1")
    outside_events: int = _f("Articles of it that are in none of its events.", 1)
    as_of: AsOf | None = _f("Null: as of now.")
    events: list[EventRow] = _f("Its events, oldest first.")


class LineageEntry(Shape):
    """One thing that became of events or stories, and who did it."""

    entry_id: int = _f("Number of the entry.", 4711)
    version: int = _f("Version of the ledger that it is part of.", 17)
    at: datetime = _f("When.", WHEN)
    actor: str = _f("grouping:METHOD or human:NAME.", "human:ada")
    level: str = _f("event or story.", "event")
    kind: str = _f(
        "created, joined, left, split, merged, renamed, closed, reopened or undone.", "split"
    )
    from_ids: list[str] = _f("Where articles were.", [EVENT_ID])
    to_ids: list[str] = _f("Where they are.", [EVENT_ID])
    articles: list[str] = _f("Articles that moved.", [ARTICLE_ID])
    title: str | None = _f("Title that it gave.", "Ferry vote delayed")
    title_before: str | None = _f("Title there was before.", "Ferry vote")
    reason: str = _f("Why.", "two votes, reported together")
    undo_of: int | None = _f("Entry that it took back.", 4710)
    edit: bool = _f("A person's word, which later groupings keep.", True)
    stands: bool = _f("It was not undone.", True)
    against_joined: list[str] | None = _f(
        "Articles the last grouping would have added, had a person not said otherwise.",
        [ARTICLE_ID],
    )
    against_parted: list[str] | None = _f("Articles it would have taken out.", [ARTICLE_ID])


class Whereabouts(Meta):
    """What an id stands for. Ids are never given to another group."""

    id: str = _f("The id asked for.", EVENT_ID)
    level: str = _f("event or story.", "event")
    state: str = _f("current, or retired: its articles went elsewhere.", "retired")
    into: list[str] = _f("Living groups that the articles of a retired one went to.", [EVENT_ID])
    version: int | None = _f("Version of the ledger that changed it last, or retired it.", 17)
    title: str | None = _f("Its title, or the last it had.", "Ferry vote delayed")
    as_of: AsOf | None = _f("Null: as of now.")


class LineagePage(Page[LineageEntry]):
    """What became of an event or a story, newest first."""

    meta: Whereabouts


class Exposure(Shape):
    """How prominently an outlet showed the event, in lead hours: an hour at the top is one."""

    lead_h: float | None = _f(
        "Hours on the front page, each weighed 1 / log2(1 + rank); null: not known, not zero.", 3.2
    )
    known_h: float = _f("Hours of the event with looks at the front page.", 20.0)
    span_h: float = _f("Hours of the event.", 24.0)
    looks: int = _f("Looks that came.", 5)
    best_rank: int | None = _f("Best place, from 1.", 2)


class Brought(Shape):
    """What an outlet brought of an event or a story. Means and shares leave special forms out.

    Intervals are those of 95 %, over articles; null below two.
    """

    publisher_id: str = _f("Outlet id.", "harborledger")
    publisher: str = _f("Outlet name.", "The Harbor Ledger")
    articles: int = _f("Its articles in it, copies included.", 3)
    copies: int = _f("Those of them that are an agency's text.", 1)
    special: int = _f("Those that are no ordinary article, such as live blogs.", 0)
    first_at: datetime = _f("Time of its first article.", WHEN)
    lean_mean: float | None = _f("Mean lean.", -0.8)
    lean_low: float | None = _f("Lower end of its interval.", -1.4)
    lean_high: float | None = _f("Upper end of its interval.", -0.2)
    lean_n: int = _f("Articles with a lean.", 2)
    tone_mean: float | None = _f("Mean tone.", -1.5)
    tone_low: float | None = _f("Lower end of its interval.", -2.0)
    tone_high: float | None = _f("Upper end of its interval.", -1.0)
    tone_n: int = _f("Articles with a tone.", 2)
    sentences: int = _f("Sentences with a type.", 40)
    sentence_articles: int = _f("Articles they are of.", 2)
    fact_share: float | None = _f("Share of them that are facts.", 0.6)
    fact_low: float | None = _f("Lower end of its interval.", 0.5)
    fact_high: float | None = _f("Upper end of its interval.", 0.7)
    opinion_share: float | None = _f("Share that are opinions.", 0.05)
    opinion_low: float | None = _f("Lower end of its interval.", 0.0)
    opinion_high: float | None = _f("Upper end of its interval.", 0.1)
    quote_share: float | None = _f("Share that are quotes.", 0.3)
    quote_low: float | None = _f("Lower end of its interval.", 0.2)
    quote_high: float | None = _f("Upper end of its interval.", 0.4)


class Covered(Brought):
    """What an outlet brought of an event, and how prominently."""

    exposure: Exposure


class Missing(Shape):
    """An outlet of which no article of an event was found, and what that means."""

    publisher_id: str = _f("Outlet id.", "kestrelcourier")
    publisher: str = _f("Outlet name.", "The Kestrel Courier")
    verdict: str = _f(
        "blindspot, unremarkable, open, too-small, not-crawled or too-young.", "not-crawled"
    )
    said: str = _f("The same in words.", "nothing yet: the event is not over")
    expected: float | None = _f("Probability that it would carry the event; null: no telling.", 0.9)
    q: float | None = _f("False discovery rate at which the absence is surprising.", 0.04)
    past_events: int = _f("Past events that the expectation is learnt from.", 120)
    days: int = _f("Days on which an article could have come.", 3)
    days_crawled: int = _f("Those of them that we crawled well.", 3)
    judged_at: datetime = _f("When that was judged.", WHEN)


class EventCoverage(Shape):
    """Who covered an event and how; who did not, and whether that says anything."""

    event_id: str = _f("Event id.", EVENT_ID)
    title: str = _f("Its title.", "Ferry vote delayed")
    first_at: datetime = _f("Time of its first article.", WHEN)
    last_at: datetime = _f("Time of its last article.", WHEN)
    run: RunName | None = _f(SHOWN)
    covered: list[Covered] = _f("Outlets that brought it, most articles first.")
    missing: list[Missing] = _f(
        "Outlets of which nothing was found in what we crawled, the most expected first; empty "
        "where absences were not judged yet."
    )


class CoveredPart(Shape):
    """What an outlet brought of one event of a story."""

    event_id: str = _f("The event.", EVENT_ID)
    publisher_id: str = _f("Outlet id.", "harborledger")
    articles: int = _f("Its articles.", 2)
    lean_mean: float | None = _f("Mean lean, special forms left out.", -0.8)
    lean_n: int = _f("Articles with a lean.", 2)


class Nothing(Shape):
    """An outlet of which nothing of a story is stored, though other articles of its days are."""

    publisher_id: str = _f("Outlet id.", "kestrelcourier")
    publisher: str = _f("Outlet name.", "The Kestrel Courier")
    articles_on_those_days: int = _f("Its stored articles on the days of the story.", 14)
    days: int = _f("Days of the story.", 9)
    days_crawled: int = _f("Those of them on which we watched the outlet, and well.", 9)


class StoryCoverage(Shape):
    """Who covered which part of a story and how, and of whom nothing is stored."""

    story_id: str = _f("Story id.", EVENT_ID)
    title: str = _f("Its title.", "The harbour ferry")
    first_at: datetime = _f("Time of its first article.", WHEN)
    last_at: datetime = _f("Time of its last article.", WHEN)
    run: RunName | None = _f(SHOWN)
    covered: list[Brought] = _f("Outlets that brought something, most articles first.")
    parts: list[CoveredPart] = _f("By event and outlet; articles outside of events are left out.")
    nothing: list[Nothing] = _f("Outlets without any, most other articles first.")
    note: str = _f("What that does and does not say.", "That is no claim of anything.")
