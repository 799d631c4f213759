"""What the two roles of the API can do, and what they cannot."""

from __future__ import annotations

import psycopg
import pytest
from psycopg.sql import SQL, Identifier

from newsroom import migrate
from newsroom.db import Database
from newsroom.errors import Misconfigured
from newsroom.keys import Scope
from newsroom.store import keys, roles


def as_role(url: str, role: str) -> Database:
    return Database(url, size_max=1, role=role)


def tables(db: Database) -> list[str]:
    with db.transaction() as conn:
        rows = conn.execute(
            "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace "
            "AND relkind IN ('r', 'p', 'v') AND NOT relispartition ORDER BY 1"
        )
        return [row["relname"] for row in rows]


def may(db: Database, role: str, table: str) -> set[str]:
    verbs = ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER")
    with db.transaction() as conn:
        return {
            verb
            for verb in verbs
            if conn.execute(
                "SELECT has_table_privilege(%s, %s, %s) AS yes", (role, table, verb)
            ).fetchone() == {"yes": True}
        }  # fmt: skip


def test_the_reader_reads_all_but_the_keys_and_writes_nothing(db) -> None:
    for table in tables(db):
        wanted = set() if table in roles.HIDDEN else {"SELECT"}
        assert may(db, roles.READER, table) == wanted, table


def test_the_writer_adds_to_its_tables_and_touches_nothing_else(db) -> None:
    for table in tables(db):
        wanted = {"INSERT"} if table in roles.WRITTEN else set()
        assert may(db, roles.WRITER, table) == wanted, table
    with db.transaction() as conn:
        rows = conn.execute(
            "SELECT table_name, array_agg(column_name::text ORDER BY 1) AS columns "
            "FROM information_schema.column_privileges "
            "WHERE grantee = %s AND privilege_type = 'SELECT' GROUP BY 1",
            (roles.WRITER,),
        )
        found = {row["table_name"]: set(row["columns"]) for row in rows}
    assert found == {table: set(columns) for table, columns in roles.SEEN_BY_WRITER.items()}


@pytest.mark.parametrize("role", [roles.READER, roles.WRITER])
@pytest.mark.parametrize(
    "statement",
    [
        "SELECT sha256 FROM api_keys",
        "INSERT INTO api_keys SELECT * FROM api_keys",
        "UPDATE articles SET title = ''",
        "DELETE FROM disputes",
        "DELETE FROM requests",
        "UPDATE jobs SET state = 'due'",
        "TRUNCATE annotations",
        "DROP TABLE jobs",
        "CREATE TABLE mine (n integer)",
        "ALTER ROLE newsroom_reader SUPERUSER",
        "COPY articles TO PROGRAM 'true'",
    ],
)
def test_they_are_refused(template_url, role, statement) -> None:
    with (
        as_role(template_url, role) as database,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
        database.transaction() as conn,
    ):
        conn.execute(statement)


def test_the_reader_finds_a_key_by_its_first_characters_only(db, database_url) -> None:
    with db.transaction() as conn:
        key = keys.add(conn, "ada", [Scope.DISPUTE], note="", expires_at=None)
    with as_role(database_url, roles.READER) as database, database.transaction() as conn:
        found = keys.accepted(conn, key)
        assert found is not None
        assert (found.owner, found.scopes) == ("ada", {Scope.DISPUTE})
    with (
        as_role(database_url, roles.WRITER) as database,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
        database.transaction() as conn,
    ):
        keys.accepted(conn, key)


def test_migrating_again_restores_the_grants(db, database_url) -> None:
    with db.transaction() as conn:
        for table in ("articles", "api_keys"):
            conn.execute(
                SQL("GRANT ALL ON {} TO {}").format(Identifier(table), Identifier(roles.READER))
            )
    assert migrate.upgrade(database_url) == []
    assert may(db, roles.READER, "articles") == {"SELECT"}
    assert may(db, roles.READER, "api_keys") == set()


def test_a_role_that_is_not_there_is_named(template_url) -> None:
    with pytest.raises(Misconfigured, match="newsroom migrate") as caught:
        Database(template_url, role="nobody_at_all").open()
    assert caught.value.code == "roles-missing"
