"""The public shapes of looking at outlets: front pages, and what each of their days was to us."""

from __future__ import annotations

from datetime import date, datetime

from api.schemas import ARTICLE_ID, SHA256, WHEN, Page, Shape, _f

SNAPSHOT_ID = "1d0c4a5be2f34c6f9a7b8c9d0e1f2a3b"


class FrontPageRow(Shape):
    """One look at a front page, also one that failed or that should have been."""

    snapshot_id: str = _f("Id of the look.", SNAPSHOT_ID)
    publisher_id: str = _f("Outlet id.", "harborledger")
    publisher: str = _f("Outlet name.", "The Harbor Ledger")
    url: str = _f("Address looked at.", "https://harborledger.example/")
    taken_at: datetime = _f("When the page came or failed to; for a missed one, was due.", WHEN)
    slot: datetime | None = _f("Scheduled time it serves; null: taken at another time.", WHEN)
    status: str = _f("ok, thin, refused, failed or missed.", "ok")
    code: str | None = _f("Why it is not ok.", "timeout")
    method: str | None = _f("How places were read: rendered or heuristic.", "rendered")
    why: str | None = _f("Why no browser measured it.", "no-browser")
    links: int | None = _f("Articles on it; null where no page came.", 84)


class FrontPagePage(Page[FrontPageRow]):
    """Looks at front pages."""


class Box(Shape):
    """A place on the page in CSS pixels, from its upper left corner."""

    x: float = _f("From the left.", 24.0)
    y: float = _f("From the top.", 310.0)
    width: float = _f("Width.", 640.0)
    height: float = _f("Height.", 420.0)


class FrontPageLink(Shape):
    """One article on a front page."""

    position: int = _f("Number on the page, from 1.", 1)
    rank: int | None = _f(
        "Order of prominence, from 1; null for what stands there for its clicks or for money.", 1
    )
    article_id: str = _f("The article; see `stored`.", ARTICLE_ID)
    stored: bool = _f("Its text is stored.", True)
    url: str = _f("Address of the link.", "https://harborledger.example/2026/ferry")
    headline: str = _f("As shown.", "Ferry vote put off")
    kind: str = _f("story, live, opinion, media, most-read or sponsored.", "story")
    section: str | None = _f("Section it stands under.", "Local")
    box: Box | None = _f("Its place; null where nobody measured.")
    font_px: float = _f("Size of the headline in CSS pixels.", 32.0)
    image: bool = _f("It has a picture.", True)
    image_px2: float | None = _f("Area of the picture; null where nobody measured.", 201600.0)
    above_fold: bool | None = _f("Seen without scrolling; null where nobody measured.", True)
    score: float = _f("Prominence that the rank is made of.", 6.1)


class FrontPage(FrontPageRow):
    """One look with everything on the page."""

    final_url: str | None = _f("Address after redirects.", "https://harborledger.example/")
    http_status: int | None = _f("Status of the answer.", 200)
    body_sha256: str | None = _f("SHA-256 of the page's bytes.", SHA256)
    warc_file: str | None = _f("Archive file.", "2026-11-20.warc.gz")
    warc_offset: int | None = _f("Bytes from the start of that file.", 48211)
    layout: int | None = _f("Number of the reading shown: the last one.", 1)
    made_at: datetime | None = _f("When it was read so.", WHEN)
    version: str | None = _f("Which version of the reader.", "front-1")
    engine: str | None = _f("Browser that measured.", "chromium 143")
    viewport_w: int | None = _f("Width of the screen in CSS pixels.", 1440)
    viewport_h: int | None = _f("Height of the screen.", 900)
    page_h: float | None = _f("Height of the page; null where nobody measured.", 7210.0)
    sheets: int | None = _f("Stylesheets the page asked for.", 3)
    sheets_gone: int | None = _f("Those of them that did not come.", 0)
    placements: list[FrontPageLink] = _f("Its articles in the order of the page.")


class Lead(FrontPageLink):
    """What stands high on a front page, and what it is about."""

    prominence_share: float | None = _f("Its share of the prominence of all ranked pieces.", 0.2)
    event_id: str | None = _f("The event it is part of; null: of none.", SNAPSHOT_ID)
    event_title: str | None = _f("Title of that event.", "Ferry vote delayed")
    story_id: str | None = _f("The story it is part of; null: of none.", SNAPSHOT_ID)
    story_title: str | None = _f("Title of that story.", "The harbour ferry")


class FrontPageNow(FrontPageRow):
    """The newest look at an outlet's front page that came."""

    leads: list[Lead] = _f("What stands highest on it, by rank.")


class FrontPagesNowMeta(Shape):
    """About the front pages of now."""

    limit: int = _f("Most outlets.", 50)


class FrontPagesNow(Shape):
    """What front pages lead with now, the newest look first; never cut into pages."""

    data: list[FrontPageNow]
    next_cursor: None = _f("Always null.")
    meta: FrontPagesNowMeta


class SourceDay(Shape):
    """One day of an outlet, in its own time zone, as far as we looked."""

    publisher_id: str = _f("Outlet id.", "harborledger")
    day: date = _f("The day.", "2026-11-20")
    starts_at: datetime = _f("Where it begins.", WHEN)
    ends_at: datetime = _f("Where it ends.", WHEN)
    judged_at: datetime = _f("When it was judged.", WHEN)
    complete: bool = _f("It was over by then; else few articles mean nothing.", True)
    verdict: str = _f(
        "ok; quiet: really few articles; kept-out: refused to us; broken: what came falls short of "
        "the outlet's floors; not-crawled: we did not look.",
        "ok",
    )
    reasons: list[str] = _f("Why, each a code and its figures.", ["articles 3 < 20"])
    warnings: list[str] = _f("What was odd about it all the same.", ["bylines 0.40 < 0.80"])
    last_look_at: datetime | None = _f("Last look of the day.", WHEN)
    next_look_at: datetime | None = _f("First look after it.", WHEN)
    crawls: int = _f("Crawls that ended.", 12)
    crawls_cut: int = _f("Crawls that did not.", 0)
    listings: dict[str, int] = _f("Front pages, feeds and sitemaps asked, by outcome.", {"ok": 12})
    pages: int = _f("Pages fetched.", 120)
    kept_out: int = _f("Pages that the outlet kept us from.", 0)
    articles: int = _f("Articles that came in.", 42)
    refused: dict[str, int] = _f("Pages that are no articles, by code.", {"soft-404": 1})
    failed: dict[str, int] = _f("Pages that did not come, by code.", {"timeout": 1})
    titles: int = _f("Articles with a headline.", 42)
    dates: int = _f("Articles with a date.", 41)
    bylines: int = _f("Articles with an author.", 39)
    words_median: float | None = _f("Median of their words.", 512.0)
    front_pages_expected: int = _f("Looks at the front page that were due.", 5)
    front_pages_taken: int = _f("Those that came.", 5)


class SourcePage(Page[SourceDay]):
    """Outlet-days that were judged, newest first. A day without a row was not crawled."""


class Gap(Shape):
    """Days in a row on which a missing article of an outlet must not be read as absence."""

    publisher_id: str = _f("Outlet id.", "harborledger")
    verdict: str = _f("not-crawled, kept-out, broken or unfinished.", "not-crawled")
    first_day: date = _f("First of these days.", "2026-11-18")
    last_day: date = _f("Last of these days.", "2026-11-19")
    days: int = _f("How many.", 2)
    reasons: list[str] = _f("Codes of the reasons.", ["articles"])


class GapsMeta(Shape):
    """What was looked through, and how much of it is gaps."""

    outlets: int = _f("Outlets looked through.", 21)
    days: int = _f("Outlet-days looked through.", 630)
    days_in_gaps: int = _f("Those of them that are in a gap.", 12)


class GapList(Shape):
    """Every gap of a span of days, by outlet; never cut into pages."""

    data: list[Gap]
    next_cursor: None = _f("Always null.")
    meta: GapsMeta
