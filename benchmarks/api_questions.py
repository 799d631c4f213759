"""What the benchmark of the API asks: kinds of questions, drawn by a seed from a made-up corpus."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final
from urllib.parse import urlencode

import psycopg

from api.filters import ArticlesQuery
from api.pages import Keyset, digest
from benchmarks.made_up_corpus import DAYS, OUTLETS, RUN

FIRST_DAY: Final = date(2025, 11, 1)
TOPICS: Final = (
    "government", "elections", "economy", "crime", "foreign_affairs", "courts", "business",
    "healthcare", "immigration", "environment_and_energy", "education", "sports",
)  # fmt: skip
METRICS: Final = ("lean", "tone", "headline_lean", "opinion_share", "articles")

Draw = Callable[["Corpus", random.Random], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Corpus:
    """Ids to ask for, and the cursor of a page nine tenths down the list of articles."""

    articles: tuple[str, ...]
    events: tuple[str, ...]
    stories: tuple[str, ...]
    deep_cursor: str
    deep_row: int


def of(url: str, *, sample: int = 500) -> Corpus:
    """A sample of the corpus at a database."""
    with psycopg.connect(url) as conn:

        def ids(table: str, key: str) -> tuple[str, ...]:
            # The ids are digests, so that their order is an order by lot.
            rows = conn.execute(f"SELECT {key} FROM {table} ORDER BY 1 LIMIT {sample}").fetchall()
            return tuple(row[0] for row in rows)

        count = conn.execute("SELECT count(*) FROM articles").fetchone()
        assert count is not None
        deep = int(0.9 * count[0])
        row = conn.execute(
            "SELECT sort_at, article_id FROM articles WHERE superseded_at IS NULL"
            f" ORDER BY sort_at DESC, article_id DESC OFFSET {deep} LIMIT 1"
        ).fetchone()
        assert row is not None
        keys = Keyset(
            columns={"sort_at": datetime, "article_id": str},
            digest=digest("articles", ArticlesQuery().filters(), {"run_id": RUN}),
        )
        cursor = keys.encode({"sort_at": row[0].astimezone(UTC), "article_id": row[1]})
        return Corpus(
            articles=ids("articles", "article_id"),
            events=ids("events", "event_id"),
            stories=ids("stories", "story_id"),
            deep_cursor=cursor,
            deep_row=deep,
        )


def _asks(path: str, **fixed: Any) -> Draw:
    """A draw of a path: values that are callables are drawn, None is left out."""

    def draw(corpus: Corpus, lot: random.Random) -> str:
        values = {n: v(corpus, lot) if callable(v) else v for n, v in fixed.items()}
        asked = urlencode({n: v for n, v in values.items() if v is not None}, doseq=True)
        return f"/v1/{path}?{asked}" if asked else f"/v1/{path}"

    return draw


def _of(path: str, kind: str, **fixed: Any) -> Draw:
    def draw(corpus: Corpus, lot: random.Random) -> str:
        chosen = lot.choice(getattr(corpus, kind))
        return _asks(path.format(chosen), **fixed)(corpus, lot)

    return draw


def outlet(_: Corpus, lot: random.Random) -> str:
    return f"outlet{lot.randrange(OUTLETS)}"


def topic(_: Corpus, lot: random.Random) -> str:
    return lot.choice(TOPICS)


def metric(_: Corpus, lot: random.Random) -> str:
    return lot.choice(METRICS)


def day(_: Corpus, lot: random.Random) -> str:
    return str(FIRST_DAY + timedelta(days=lot.randrange(7, DAYS - 7)))


def article(corpus: Corpus, lot: random.Random) -> str:
    return lot.choice(corpus.articles)


def _span(days: int, first: str, last: str, path: str, **fixed: Any) -> Draw:
    def draw(corpus: Corpus, lot: random.Random) -> str:
        begin = FIRST_DAY + timedelta(days=lot.randrange(DAYS - days))
        ends = {first: str(begin), last: str(begin + timedelta(days=days - 1))}
        return _asks(path, **fixed, **ends)(corpus, lot)

    return draw


LISTS: Final[Mapping[str, Draw]] = {
    "articles": _asks("articles"),
    "articles_oldest": _asks("articles", sort="published_at"),
    "articles_columns": _asks("articles", fields="article_id,title,publisher_id,labels"),
    "articles_200": _asks("articles", limit=200),
    "articles_deep": _asks("articles", cursor=lambda corpus, _: corpus.deep_cursor),
    "articles_outlet": _asks("articles", publisher=outlet),
    "articles_topic": _asks("articles", topic=topic),
    "articles_outlet_topic_week": _span(
        7, "published_from", "published_to", "articles", publisher=outlet, topic=topic
    ),
    "articles_words": _asks("articles", q="hospital ferry vote"),
    "articles_rare_words": _asks("articles", q='"report 4711"'),
    "articles_lean": _asks("articles", lean_min=3),
    "articles_of_event": _asks("articles", event=lambda corpus, lot: lot.choice(corpus.events)),
    "articles_counted": _span(
        30, "published_from", "published_to", "articles", publisher=outlet, count="true"
    ),
    "events": _asks("events"),
    "events_largest": _asks("events", sort="-articles"),
    "events_outlet": _asks("events", publisher=outlet),
    "events_words": _asks("events", q="ferry vote"),
    "events_week": _span(7, "published_from", "published_to", "events", min_articles=5),
    "stories": _asks("stories"),
    "stories_largest": _asks("stories", sort="-articles"),
    "annotations": _asks("annotations"),
    "annotations_article": _asks("annotations", article=article),
    "annotations_label": _asks("annotations", stage="sentence_type", label="borderline"),
    "annotations_topic": _asks("annotations", stage="topic", label=topic),
    "annotations_outlet": _asks("annotations", publisher=outlet),
    "annotations_newest": _asks("annotations", sort="-annotation_id", scope="headline"),
    "front_pages": _asks("frontpages", publisher=outlet),
    "source_days": _asks("sources", publisher=outlet),
}
# Lists that may have to pass over much to find a page: without a target, and not in the load.
SEARCHES: Final[Mapping[str, Draw]] = {
    "articles_extreme_lean": _asks("articles", lean_min=4.9, publisher="outlet0"),
    "articles_unlabelled": _asks("articles", labelled="false"),
    "articles_as_of": _asks("articles", as_of=day),
    "articles_as_of_outlet": _asks("articles", as_of=day, publisher=outlet),
    "events_topic": _asks("events", topic=topic),
    "annotations_day": _span(1, "made_from", "made_to", "annotations"),
    "annotations_day_topic": _span(
        1, "made_from", "made_to", "annotations", stage="topic", label=topic, publisher=outlet
    ),
}
ARTICLES: Final[Mapping[str, Draw]] = {
    "article": _of("articles/{}", "articles"),
    "article_sentences": _of("articles/{}/sentences", "articles"),
    "article_annotations": _of("articles/{}/annotations", "articles", sentences="true"),
    "article_revisions": _of("articles/{}/revisions", "articles"),
    "article_placements": _of("articles/{}/placements", "articles"),
}
TRENDS: Final[Mapping[str, Draw]] = {
    "trends_outlet": _asks("trends", metric=metric, by="publisher"),
    "trends_outlet_week": _asks("trends", metric=metric, by="publisher,week"),
    "trends_month": _asks("trends", metric=metric, by="month"),
    "trends_topic_week": _asks("trends", metric=metric, by="topic,week"),
    "trends_outlet_topic": _asks("trends", metric=metric, by="publisher,topic"),
    "trends_subtopic": _asks("trends", metric=metric, by="subtopic"),
    "trends_one_outlet_day": _asks("trends", metric=metric, by="day", publisher=outlet),
    "trends_one_topic_week": _asks("trends", metric=metric, by="publisher,week", topic=topic),
    "trends_outlets_alike": _asks("trends", metric="lean", by="week", weights="outlet"),
    "trends_month_of_days": _span(
        30, "published_from", "published_to", "trends", metric=metric, by="day,news_type"
    ),
}
# What sums cannot answer is counted: each says so in its name.
COUNTED: Final[Mapping[str, Draw]] = {
    "counted_prominence_month": _span(
        30, "published_from", "published_to", "trends", metric="lean", by="publisher",
        weights="prominence",
    ),
    "counted_as_of_month": _span(
        30, "published_from", "published_to", "trends", metric="lean", by="publisher",
        as_of="2026-11-10",
    ),
    "counted_words": _asks("trends", metric="lean", by="publisher", q="hospital ferry"),
    "counted_two_labels_month": _span(
        30, "published_from", "published_to", "trends", metric="lean", by="topic,news_type"
    ),
}  # fmt: skip
REST: Final[Mapping[str, Draw]] = {
    "outlets": _asks("outlets", limit=200),
    "pipeline": _asks("pipeline"),
    "refusals": _asks("refusals"),
    "runs": _asks("runs"),
    "event": _of("events/{}", "events"),
    "event_members": _of("events/{}/members", "events"),
    "event_coverage": _of("events/{}/coverage", "events"),
    "event_lineage": _of("events/{}/lineage", "events"),
    "event_as_of": _of("events/{}", "events", as_of="2026-11-10"),
    "story": _of("stories/{}", "stories"),
    "story_members": _of("stories/{}/members", "stories"),
    "cite_month": _asks("cite", of="/v1/articles?publisher=outlet3&published_from=2026-05-01"),
}
KINDS: Final = {
    "lists": LISTS,
    "searches": SEARCHES,
    "articles": ARTICLES,
    "trends": TRENDS,
    "counted": COUNTED,
    "rest": REST,
}
