"""Real services for every test: one embedded PostgreSQL and Valkey a session, a database a test."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

import psycopg
import pytest
from databases import TEMPLATE, copied, named
from pydantic import SecretStr

from newsroom import ids, migrate, stack
from newsroom.db import Database
from newsroom.records import Article, DateSource, Publisher, Via
from newsroom.settings import Crawl, Settings
from newsroom.store import publishers
from newsroom.text import word_count

# Read when Triton is imported, which any test module may do before those of the kernels.
os.environ.setdefault("TRITON_INTERPRET", "1")

# Tests must not be changed by the shell they run in.
for name in list(os.environ):
    if name.startswith("NEWSROOM_") and name != "NEWSROOM_DATA_DIR":
        del os.environ[name]


# Files that take a minute, so that none of them is left for one process at the end.
LONG_FIRST = (
    "journeys", "faults", "labs", "_lab", "longdoc", "quality", "dashboard", "frontpage", "revisions",
    "test_crawl", "exports", "test_state", "tutorial",
)  # fmt: skip


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The order within a file and among the others stays as it was drawn."""
    items.sort(key=lambda item: not any(name in str(item.path) for name in LONG_FIRST))


@pytest.fixture(scope="session")
def services() -> Iterator[stack.Services]:
    """The embedded stack, in a folder the service user can reach (pytest's own is 0700)."""
    home = Path(tempfile.mkdtemp(prefix="newsroom-tests-"))
    home.chmod(0o711)
    with stack.running(home) as running:
        with psycopg.connect(running.database_url, autocommit=True) as conn:
            # Tests kill processes, not the machine: nothing here has to outlive a power cut, and
            # a database a test is made in two thirds of the time.
            for setting in ("fsync", "full_page_writes", "synchronous_commit"):
                conn.execute(f"ALTER SYSTEM SET {setting} = off")
            conn.execute("SELECT pg_reload_conf()")
            conn.execute(f"CREATE DATABASE {TEMPLATE}")
        migrate.upgrade(named(running.database_url, TEMPLATE))
        yield running
    shutil.rmtree(home)


@pytest.fixture
def template_url(services: stack.Services) -> str:
    """The migrated, empty template: for reading only, and for no longer than one test."""
    return named(services.database_url, TEMPLATE)


@pytest.fixture
def database_url(services: stack.Services) -> Iterator[str]:
    """A migrated, empty database of this test alone."""
    with copied(services.database_url) as address:
        yield address


@pytest.fixture
def db(database_url: str) -> Iterator[Database]:
    with Database(database_url) as database:
        yield database


@pytest.fixture
def redis_url(services: stack.Services) -> Iterator[str]:
    """A real broker, emptied before the test."""
    import redis

    client = redis.Redis.from_url(services.redis_url)
    client.flushall()
    client.close()
    yield services.redis_url


@pytest.fixture
def settings(database_url: str, redis_url: str, tmp_path: Path) -> Settings:
    return Settings(
        database_url=SecretStr(database_url),
        redis_url=SecretStr(redis_url),
        home=tmp_path / "home",
        # Starting a browser or a second reader costs seconds: those who measure switch them on.
        crawl=Crawl(browser="off", extractors=1),
    )


PUBLISHER = Publisher(
    publisher_id="ledger",
    name="The Ledger",
    domain="ledger.example",
    country="US",
    language="en",
    timezone="UTC",
)


class ArticleFactory(Protocol):
    def __call__(self, name: str, **changes: Any) -> Article: ...


@pytest.fixture
def make_article(db: Database) -> ArticleFactory:
    """Articles of one stored outlet; ``name`` is the end of the address."""
    with db.transaction() as conn:
        publishers.upsert(conn, [PUBLISHER])

    def make(name: str, **changes: Any) -> Article:
        url = f"https://ledger.example/{name}"
        title = changes.get("title", f"Council votes on {name}")
        text = changes.get("text", f"The council met about {name}. It voted after a long debate.")
        values: dict[str, Any] = {
            "article_id": ids.article_id(url),
            "publisher_id": "ledger",
            "url": url,
            "canonical_url": url,
            "title": title,
            "text": text,
            "text_sha256": ids.text_sha256(text),
            "content_sha256": ids.content_sha256(title, text),
            "language": "en",
            "words": word_count(text),
            "published_at": datetime(2026, 3, 2, 12, tzinfo=UTC),
            "date_source": DateSource.PAGE,
            "via": Via.FETCH,
            "extractor": "test",
            "fetched_at": datetime(2026, 3, 2, 13, tzinfo=UTC),
        }
        return Article(**(values | changes))

    return make
