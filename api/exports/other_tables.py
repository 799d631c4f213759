"""The tables of events, front pages and of how well outlets were seen."""

from __future__ import annotations

from typing import Final

from api.exports.columns import Column, Link, Table
from api.exports.shared_columns import (
    ARTICLE_ID,
    CLUSTER_ID,
    HEX,
    PUBLISHER,
    STORY_ID,
    count,
    time,
    words,
)

_CLUSTER: Final = Column(
    name="cluster_id",
    kind="text",
    description=CLUSTER_ID.description,
    example=HEX,
    required=True,
    mbd="cluster_id",
)
_STORY: Final = Column(
    name="story_id", kind="text", description=STORY_ID.description, example=HEX, required=True
)
_ARTICLE: Final = Link(columns=("article_id",), table="articles", to=("article_id",))

EVENTS: Final = Table(
    name="events",
    title="Events",
    description="One row an event that an article of the slice was in at the snapshot's moment.",
    key=("cluster_id",),
    columns=(
        _CLUSTER,
        _STORY,
        words("theme", "What the event was called.", example="Council delays ferry vote", mbd="theme"),
        words("story_theme", "What the story was called.", example="The harbor ferry"),
        count("articles", "Its articles, also those outside the slice.", unit="articles", example=12),
        count("articles_in_slice", "Its articles in the slice.", unit="articles", example=9),
        count("publishers_in_slice", "Outlets of those.", unit="outlets", example=4),
        time("first_at", "Oldest of those.", required=True),
        time("last_at", "Newest of those.", required=True),
    ),
)  # fmt: skip

EVENT_MEMBERS: Final = Table(
    name="event_members",
    title="Members of events",
    description="One row an article of the slice that was in an event or a story at the "
    "snapshot's moment.",
    key=("article_id",),
    columns=(
        CLUSTER_ID,
        _STORY,
        ARTICLE_ID,
        PUBLISHER,
        Column(
            name="role",
            kind="text",
            description="core: the event was formed of it; attached: joined to it afterwards.",
            values=("core", "attached"),
            example="core",
            required=True,
        ),
        time("since", "When it was put there.", required=True),
    ),
    links=(_ARTICLE,),
)

EVENT_LINEAGE: Final = Table(
    name="event_lineage",
    title="Lineage of events",
    description="What became of those events and their stories up to the snapshot's moment, and "
    "by whom: one row a change.",
    key=("entry_id",),
    columns=(
        Column(name="entry_id", kind="integer", description="Number of the change.", low=1, example=17, required=True),
        Column(name="version", kind="integer", description="Version of the ledger that it came with.", low=1, example=5, required=True),
        time("at", "When.", required=True),
        Column(name="actor", kind="text", description="grouping:<method> or human:<name>.", example="human:ada", required=True),
        Column(name="level", kind="text", description="Of what.", values=("event", "story"), example="event", required=True),
        Column(name="kind", kind="text", description="What happened.", values=("created", "joined", "left", "split", "merged", "renamed", "closed", "reopened", "undone"), example="merged", required=True),
        Column(name="from_ids", kind="list", description="Groups before.", example=f'["{HEX}"]', required=True),
        Column(name="to_ids", kind="list", description="Groups after.", example=f'["{HEX}"]', required=True),
        Column(name="articles", kind="list", description="Articles that moved.", example=f'["{HEX}"]', required=True),
        words("title", "Title after.", example="Council delays ferry vote"),
        words("title_before", "Title before.", example="Ferry vote"),
        words("reason", "Why.", example="the same meeting"),
        Column(name="undo_of", kind="integer", description="The change that this one took back.", low=1, example=16),
        Column(name="edit", kind="boolean", description="A person's word, which groupings keep to.", example=True, required=True),
    ),
)  # fmt: skip

PLACEMENTS: Final = Table(
    name="placements",
    title="Placements",
    description="One row a look at a front page that showed an article of the slice: where it "
    "stood and how large. Places and sizes in CSS pixels, empty where nobody measured.",
    key=("snapshot_id", "position"),
    columns=(
        Column(name="snapshot_id", kind="text", description="The look at the front page.", example=HEX, required=True),
        Column(name="layout", kind="integer", description="Which reading of it, from 1: the last one.", low=1, example=1, required=True),
        Column(name="position", kind="integer", description="Order in that reading, from 1.", low=1, example=4, required=True),
        PUBLISHER,
        time("taken_at", "When the page was looked at.", required=True),
        ARTICLE_ID,
        words("url", "Address that it linked to.", example="https://harborledger.example/2026/ferry"),
        words("headline", "Words that stood there.", example="Ferry vote delayed"),
        Column(name="kind", kind="text", description="What it stood there as.", values=("story", "live", "opinion", "media", "most-read", "sponsored"), example="story", required=True),
        words("section", "Section of the page.", example="Local"),
        Column(name="rank", kind="integer", description="Order of prominence, from 1. Empty: it stands there for its clicks or for money.", low=1, example=3),
        Column(name="score", kind="number", description="What ranks were made from.", example=7.5, required=True),
        Column(name="x", kind="number", description="From the left.", unit="px", example=16),
        Column(name="y", kind="number", description="From the top.", unit="px", example=420),
        Column(name="width", kind="number", description="Width.", unit="px", example=620),
        Column(name="height", kind="number", description="Height.", unit="px", example=280),
        Column(name="font_px", kind="number", description="Size of the headline's letters.", unit="px", example=32, required=True),
        Column(name="image", kind="boolean", description="Whether it had a picture.", example=True, required=True),
        Column(name="image_px2", kind="number", description="Area of the picture.", unit="px²", example=96000),
        Column(name="above_fold", kind="boolean", description="Whether it was seen without scrolling.", example=True),
        Column(name="method", kind="text", description="rendered: measured in a browser; heuristic: judged by the markup.", values=("rendered", "heuristic"), example="rendered", required=True),
        count("links_on_page", "Articles on that front page.", unit="articles", example=84),
    ),
    links=(_ARTICLE,),
)  # fmt: skip

SOURCE_HEALTH: Final = Table(
    name="source_health",
    title="Source health",
    description="One row a judged day of an outlet, in its own time zone. A day without a row was "
    "not crawled: absence of articles is no absence of coverage there.",
    key=("publisher", "day"),
    columns=(
        PUBLISHER,
        Column(name="day", kind="date", description="Day of the outlet's time zone.", example="2026-11-20", required=True),
        time("starts_at", "When it began.", required=True),
        time("ends_at", "When it was over.", required=True),
        Column(name="complete", kind="boolean", description="Whether it was over when it was judged.", example=True, required=True),
        Column(name="verdict", kind="text", description="quiet: really few articles; kept-out: refused to us; broken: what came falls short of the outlet's floors; not-crawled: we did not look.", values=("ok", "quiet", "kept-out", "broken", "not-crawled"), example="ok", required=True),
        Column(name="reasons", kind="list", description="Why, as codes with figures.", example='["articles 2 of 40"]', required=True),
        Column(name="warnings", kind="list", description="What was odd and decided nothing.", example="[]", required=True),
        count("crawls", "Crawls that ended.", unit="crawls", example=24),
        count("crawls_cut", "Crawls that did not.", unit="crawls", example=0),
        Column(name="listings", kind="object", description="Front pages, feeds and sitemaps asked, by outcome.", example='{"answered": 24}', required=True),
        count("pages", "Pages fetched.", unit="pages", example=120),
        count("kept_out", "Pages that the outlet kept us from.", unit="pages", example=0),
        count("articles", "New articles.", unit="articles", example=41),
        Column(name="refused", kind="object", description="Pages that were no articles, by code.", example='{"paywall-stub": 3}', required=True),
        Column(name="failed", kind="object", description="Requests that failed, by code.", example="{}", required=True),
        count("titles", "New articles with a headline.", unit="articles", example=41),
        count("dates", "New articles with a date.", unit="articles", example=41),
        count("bylines", "New articles with an author.", unit="articles", example=38),
        Column(name="words_median", kind="number", description="Median length of new articles. Empty: none came.", unit="words", low=0, example=512),
        count("front_pages_expected", "Looks at the front page that were due.", unit="looks", example=5),
        count("front_pages_taken", "Of those, taken.", unit="looks", example=5),
    ),
)  # fmt: skip
