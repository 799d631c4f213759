"""The public shapes of coverage over many stories at once, and of absences that are claimed."""

from __future__ import annotations

from datetime import date, datetime

from api.schemas import EVENT_ID, WHEN, Shape, _f


class DayCount(Shape):
    """Articles of one day."""

    day: date = _f("The day, UTC.", "2026-11-20")
    articles: int = _f("Articles of that day.", 4)


class StoryBringer(Shape):
    """An outlet that covered a story."""

    publisher_id: str = _f("Outlet id.", "harborledger")
    publisher: str = _f("Outlet name.", "The Harbor Ledger")
    articles: int = _f("Its articles in the story, duplicates included.", 3)
    first_at: datetime = _f("Time of its first one.", WHEN)


class StorySilent(Shape):
    """An outlet of which other articles of a story's days are stored, but none of the story."""

    publisher_id: str = _f("Outlet id.", "kestrelcourier")
    publisher: str = _f("Outlet name.", "The Kestrel Courier")
    days_seen: int = _f("Days of the story on which we saw the outlet well, to the day's end.", 3)


class StoryCoverage(Shape):
    """A story with who covered it and who did not."""

    story_id: str = _f("Story id.", EVENT_ID)
    title: str = _f("Title.", "The harbour ferry")
    first_at: datetime = _f("Time of its first article.", WHEN)
    last_at: datetime = _f("Time of its last article.", WHEN)
    articles: int = _f("Articles in it.", 12)
    publishers: int = _f("Outlets in it.", 6)
    events: int = _f("Events in it.", 3)
    days: int = _f("Days from its first article to its last, both included.", 4)
    by_day: list[DayCount] = _f("Articles of each day that had some, oldest first.")
    covered: list[StoryBringer] = _f("Outlets that covered it, most articles first.")
    silent: list[StorySilent] = _f(
        "Outlets without an article of it, though others of those days are stored. No claim that "
        "they did not cover it: see `days_seen` and `/v1/blindspots`."
    )


class StoryCoverageMeta(Shape):
    """About the list."""

    limit: int = _f("Most stories.", 20)


class StoryCoverageList(Shape):
    """The largest stories, most articles first; never cut into pages."""

    data: list[StoryCoverage]
    next_cursor: None = _f("Always null.")
    meta: StoryCoverageMeta


class Blindspot(Shape):
    """An absence that is surprising, in what we crawled."""

    event_id: str = _f("Event id.", EVENT_ID)
    title: str = _f("Title of the event.", "Ferry vote delayed")
    first_at: datetime = _f("Time of its first article.", WHEN)
    last_at: datetime = _f("Time of its last article.", WHEN)
    articles: int = _f("Articles in it.", 12)
    publishers: int = _f("Outlets that covered it.", 6)
    publisher_id: str = _f("The outlet that did not.", "kestrelcourier")
    publisher: str = _f("Its name.", "The Kestrel Courier")
    said: str = _f(
        "The claim in words.",
        "not covered in what we crawled: expected with probability 0.930, from 120 past events; "
        "q 0.040; crawled well on 3 of 3 days",
    )
    expected: float = _f("Probability that it would carry the event.", 0.93)
    q: float = _f("False discovery rate at which the absence is surprising.", 0.04)
    past_events: int = _f("Past events that the expectation is learnt from.", 120)
    days: int = _f("Days on which an article could have come.", 3)
    days_crawled: int = _f("Those of them that we crawled well.", 3)


class VerdictCount(Shape):
    """How many absences came to one verdict."""

    verdict: str = _f(
        "blindspot, unremarkable, open, too-small, not-crawled or too-young.", "not-crawled"
    )
    n: int = _f("Pairs of an outlet and an event.", 40)


class Judgement(Shape):
    """The last judgement of all absences."""

    judged_at: datetime = _f("When.", WHEN)
    since: datetime = _f("Events that ended from here", WHEN)
    until: datetime = _f("to here.", WHEN)
    events: int = _f("Events judged.", 210)
    outlets: int = _f("Outlets.", 21)
    pairs: int = _f("Pairs of outlet and event of which something could be said.", 1300)
    claims: int = _f("Absences claimed.", 4)
    by_chance: float = _f("How many of them are expected to be chance, at most.", 0.2)
    outcomes: list[VerdictCount] = _f("What became of all absences, most frequent first.")


class BlindspotsMeta(Shape):
    """About the list."""

    judgement: Judgement | None = _f("Null: absences were not judged yet.")


class BlindspotList(Shape):
    """The absences of the last judgement that are claimed, the surest first; never cut."""

    data: list[Blindspot]
    next_cursor: None = _f("Always null.")
    meta: BlindspotsMeta
