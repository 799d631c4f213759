from __future__ import annotations

import uuid
from collections.abc import Iterator
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
from eventroom import COUNT, DAY, article, fill

from newsroom.db import Conn, Database
from newsroom.stack import Services


@pytest.fixture(scope="module")
def shared(services: Services) -> Iterator[Database]:
    """A filled newsroom whose tests commit nothing."""
    name = f"t_{uuid.uuid4().hex}"
    address = urlunsplit(urlsplit(services.database_url)._replace(path=f"/{name}"))
    with psycopg.connect(services.database_url, autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name} TEMPLATE newsroom_template")
        with Database(address) as database:
            with database.transaction() as conn:
                fill(conn)
            yield database
        admin.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def conn(shared: Database) -> Iterator[Conn]:
    with shared.transaction() as conn:
        yield conn
        conn.rollback()


@pytest.fixture
def ids() -> list[str]:
    return sorted(article(n, DAY).article_id for n in range(COUNT))
