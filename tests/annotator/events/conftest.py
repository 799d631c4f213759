from __future__ import annotations

from collections.abc import Iterator

import pytest
from databases import copied
from eventroom import COUNT, DAY, article, fill

from newsroom.db import Conn, Database
from newsroom.stack import Services


@pytest.fixture(scope="module")
def shared(services: Services) -> Iterator[Database]:
    """A filled newsroom whose tests commit nothing."""
    with copied(services.database_url) as address, Database(address) as database:
        with database.transaction() as conn:
            fill(conn)
        yield database


@pytest.fixture
def conn(shared: Database) -> Iterator[Conn]:
    with shared.transaction() as conn:
        yield conn
        conn.rollback()


@pytest.fixture
def ids() -> list[str]:
    return sorted(article(n, DAY).article_id for n in range(COUNT))
