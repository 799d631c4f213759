"""A small newsroom, stored through the real store: 40 articles of four outlets, some of them odd.

Article i is of outlet i mod 4. Times come in groups of five equal ones, so that pages are cut
inside ties. Labelled are 0…29 in the promoted run; 30…33 only in another one; 34…39 in none.
Article 5 has a second revision that nobody labelled yet. Articles 8 and 9 are duplicates.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import httpx2
import psycopg
import pytest
from databases import TEMPLATE, copied, named
from fastapi.testclient import TestClient

from api.app import create_app
from newsroom import ids
from newsroom.db import Database
from newsroom.records import (
    Annotation,
    Article,
    DateSource,
    Publisher,
    RawPage,
    Refusal,
    Run,
    Scope,
    Stage,
    Via,
)
from newsroom.settings import Settings, load
from newsroom.stack import Services
from newsroom.store import annotations, articles, events, pages, publishers, work

START = datetime(2026, 11, 2, 8, tzinfo=UTC)  # a Monday
ARTICLES = 40
SCRIPT = "<script>alert(1)</script>"
TEXT = "One short sentence. " + " ".join(f"word{i}" for i in range(40)) + ". The end of it."
TOPICS = ("Elections", "Ferries", "Schools")
CATEGORIES = ("Politics", "Business and Economy", "Culture and Lifestyle")


def url(i: int) -> str:
    return f"https://outlet{i % 4}.example/story/{i}"


def article_id(i: int) -> str:
    return ids.article_id(url(i))


def event_id(name: str) -> str:
    return ids.digest("event", name)[: ids.ID_HEX]


def title(i: int) -> str:
    return (
        f"{SCRIPT} ferry {i}" if i == 3 else f"Council {'delays' if i % 2 else 'opens'} ferry {i}"
    )


def article(i: int, text: str = TEXT) -> Article:
    at = START + timedelta(hours=12 * (i // 5))
    return Article(
        article_id=article_id(i),
        publisher_id=f"outlet{i % 4}",
        url=url(i),
        canonical_url=url(i),
        title=title(i),
        text=text,
        text_sha256=ids.text_sha256(text),
        content_sha256=ids.content_sha256(title(i), text),
        language="de" if i == 7 else "en",
        words=100 + i,
        bylines=("Ada Quill",),
        published_at=None if i == 11 else at,
        date_source=DateSource.ABSENT if i == 11 else DateSource.PAGE,
        section="Local",
        page_id=ids.page_id(url(i), "b"),
        via=Via.FEED,
        extractor="test 1",
        fetched_at=at,
    )


def page(i: int) -> RawPage:
    return RawPage(
        page_id=ids.page_id(url(i), "b"),
        url=url(i),
        final_url=url(i) + "?seen",
        canonical_url=url(i),
        publisher_id=f"outlet{i % 4}",
        fetched_at=START + timedelta(hours=i),
        status=200,
        content_type="text/html",
        body_sha256=ids.body_sha256(b"b"),
        body_bytes=1,
        via=Via.FEED,
        warc_file="a.warc.gz",
        warc_offset=i,
        robots_rule=None,
    )


def lean(i: int) -> float:
    return (i % 11) - 5.0


def labels(i: int, run: Run) -> list[Annotation]:
    def one(stage: Stage, scope: Scope, label: str | None, score: float | None) -> Annotation:
        return Annotation(
            article_id=article_id(i),
            content_sha256=article(i).content_sha256,
            stage=stage,
            scope=scope,
            label=label,
            score=score,
            confidence=0.5,
            distribution={"left": 0.25, "right": 0.75} if score is not None else None,
            scale="mapped3" if score is not None else None,
            evidence=(0, 1, 99) if stage is Stage.LEAN else (),
            labeller=run.labeller,
            labeller_revision=run.labeller_revision,
            codebook_version=run.codebook_version,
            run_id=run.run_id,
        )

    return [
        one(Stage.LEAN, Scope.ARTICLE, None, lean(i)),
        one(Stage.LEAN, Scope.HEADLINE, None, 1.0),
        one(Stage.TONE, Scope.ARTICLE, None, -1.0),
        one(Stage.CATEGORY, Scope.ARTICLE, CATEGORIES[i % 3], None),
        one(Stage.TOPIC, Scope.ARTICLE, TOPICS[i % 3], None),
        one(Stage.NEWS_TYPE, Scope.ARTICLE, "opinion" if i % 5 == 0 else "news report", None),
    ]


def run(labeller: str) -> Run:
    return Run(
        run_id=ids.run_id(labeller),
        labeller=labeller,
        labeller_revision="1",
        codebook_version="v1",
        codebook_digest="d" * 64,
        prompt_digest=None,
        code_version="test",
    )


def group(name: str, story: str | None, members: range) -> events.Group:
    times = [article(i).fetched_at for i in members]
    return events.Group(
        group_id=event_id(name),
        story_id=event_id(story) if story else None,
        title=title(members[0]),
        title_article_id=article_id(members[0]),
        first_at=min(times),
        last_at=max(times),
        articles=len(members),
        publishers=len({i % 4 for i in members}),
        method="test",
    )


# Event: its story and its members. The story "harbour" also has article 39 outside its events.
EVENTS = {
    "one": ("harbour", range(3)),
    "two": ("harbour", range(20, 25)),
    "three": ("fair", range(12, 14)),
}


def fill(db: Database) -> None:
    with db.transaction() as conn:
        publishers.upsert(
            conn,
            [
                Publisher(
                    publisher_id=f"outlet{n}",
                    name=f"Outlet {n} {SCRIPT}",
                    domain=f"outlet{n}.example",
                    country="US",
                    language="en",
                    timezone="UTC",
                    demo=True,
                )
                for n in range(5)
            ],
        )
        for i in range(ARTICLES):
            pages.add(conn, page(i))
            copy = {"duplicate_of": article_id(0), "duplicate_reason": "near-copy"}
            articles.add(conn, article(i), stages=["label"], **(copy if i in {8, 9} else {}))
        for labeller, some in (("embedded", range(30)), ("scripted", range(30, 34))):
            configuration = run(labeller)
            annotations.start_run(conn, configuration, {"lean": {"question": "Which way?"}})
            annotations.add(conn, [a for i in some for a in labels(i, configuration)])
        articles.add(conn, article(5, TEXT + " And a correction."), stages=["label"])
        for n, code in enumerate(("soft-404", "paywall", "soft-404")):
            pages.refuse(
                conn,
                Refusal(
                    refusal_id=ids.refusal_id(str(n), code),
                    publisher_id=f"outlet{n}",
                    url=f"https://outlet{n}.example/{SCRIPT}",
                    source="test",
                    code=code,
                    message="no article",
                    seen_at=START,
                ),
            )
        lease = work.lease(conn, "label", batch=1, lease_s=60)[0]
        work.quarantine(conn, lease, "bad-model", "broken")
        spans = {"harbour": (*range(3), *range(20, 25), 39), "fair": range(12, 14)}
        everything = [
            events.Member(
                article_id=article_id(i),
                event_id=event_id(name),
                story_id=event_id(story),
                score=0.5,
            )
            for name, (story, members) in EVENTS.items()
            for i in members
        ]
        outside = events.Member(
            article_id=article_id(39), event_id=None, story_id=event_id("harbour"), score=0.3
        )
        events.replace(
            conn,
            window=[article_id(i) for i in range(ARTICLES)],
            stories=[group(name, None, members) for name, members in spans.items()],
            events=[group(n, story, members) for n, (story, members) in EVENTS.items()],
            members=[*everything, outside],
            method="test",
        )


def serving(settings: Settings) -> TestClient:
    """A client of the API; a programming error is an answer of 500, as in production."""
    return TestClient(create_app(settings), raise_server_exceptions=False)


@contextmanager
def migrated(services: Services) -> Iterator[Settings]:
    with copied(services.database_url, TEMPLATE) as address:
        yield load({"DATABASE_URL": address})


@pytest.fixture(scope="session")
def stocked(services: Services) -> Iterator[Settings]:
    """Settings of the filled newsroom, for all tests that only read."""
    with migrated(services) as settings:
        with Database(settings.require_database()) as db:
            fill(db)
        yield settings


@pytest.fixture(scope="session")
def client(stocked: Settings) -> Iterator[TestClient]:
    """The API on the filled newsroom, for all tests that only read."""
    with serving(stocked) as found:
        yield found


@pytest.fixture(scope="session")
def empty(services: Services) -> Iterator[TestClient]:
    """The API on an empty newsroom, for all tests that only read."""
    with migrated(services) as settings, serving(settings) as found:
        yield found


@pytest.fixture(scope="session")
def filled_template(services: Services) -> str:
    """The name of a filled database that others are copied from."""
    name = "filled_template"
    with psycopg.connect(services.database_url, autocommit=True) as conn:
        conn.execute(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE} STRATEGY file_copy")
    with Database(named(services.database_url, name)) as db:
        fill(db)
    return name


@pytest.fixture
def database_url(services: Services, request: pytest.FixtureRequest) -> Iterator[str]:
    """A database of this test alone: filled for those that ask for ``filled``, else empty."""
    wanted = "filled" in request.fixturenames
    template = request.getfixturevalue("filled_template") if wanted else TEMPLATE
    with copied(services.database_url, template) as address:
        yield address


@pytest.fixture
def filled(db: Database) -> Database:
    """A filled newsroom of this test alone, to write to."""
    return db


@pytest.fixture
def own(filled: Database, settings: Settings) -> Iterator[TestClient]:
    """The API on ``filled``."""
    with serving(settings) as found:
        yield found


@pytest.fixture
def world() -> SimpleNamespace:
    """What was stored, for tests to compare with."""
    return SimpleNamespace(
        start=START,
        count=ARTICLES,
        script=SCRIPT,
        text=TEXT,
        article_id=article_id,
        url=url,
        lean=lean,
        event_id=event_id,
        topics=TOPICS,
        article=article,
        labels=labels,
        run=run,
    )


@pytest.fixture
def walk() -> Callable[..., list[dict[str, Any]]]:
    """Every row of a list, page after page."""

    def walked(client: TestClient, path: str, limit: int) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = []
        cursor = None
        while True:
            parameters = {"limit": limit} | ({"cursor": cursor} if cursor else {})
            answer = client.get(httpx2.URL(path).copy_merge_params(parameters))
            assert answer.status_code == 200, answer.text
            body = answer.json()
            assert len(body["data"]) <= limit
            assert body["data"] or cursor is None, "a page behind the end"
            rows += body["data"]
            cursor = body["next_cursor"]
            if cursor is None:
                return rows

    return walked
