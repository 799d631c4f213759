from __future__ import annotations

import pytest

from newsroom.db import Database
from newsroom.errors import Misconfigured


def test_commits_on_success_and_rolls_back_on_error(db: Database) -> None:
    with db.transaction() as conn:
        conn.execute("CREATE TABLE t (n integer)")
    with pytest.raises(ZeroDivisionError), db.transaction() as conn:
        conn.execute("INSERT INTO t VALUES (1)")
        raise ZeroDivisionError
    with db.transaction() as conn:
        assert conn.execute("SELECT count(*) AS n FROM t").fetchone() == {"n": 0}


def test_read_only_refuses_writes(database_url: str) -> None:
    import psycopg

    with Database(database_url, read_only=True) as database:
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction), database.transaction() as conn:
            conn.execute("CREATE TABLE t (n integer)")


def test_missing_server_is_one_line() -> None:
    with pytest.raises(Misconfigured, match="cannot reach PostgreSQL") as caught:
        Database("postgresql://nobody@127.0.0.1:1/x").open()
    assert "\n" not in str(caught.value)
