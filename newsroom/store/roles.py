"""The two PostgreSQL roles of the API: one reads, one adds rows to the few tables people write to.

Roles belong to the whole cluster, grants to one database: both are brought up to date after every
migration, whoever else does the same for another database at that moment. Neither can log in; a
connection takes one on as it opens (``SET ROLE``), so that there is no second password to keep.
"""

from __future__ import annotations

from typing import Final

import psycopg
from psycopg.sql import SQL, Identifier

from newsroom.errors import Misconfigured

READER: Final = "newsroom_reader"
WRITER: Final = "newsroom_writer"
# Whoever reads the API reads neither: keys are found one at a time, by a function.
HIDDEN: Final = ("api_keys", "key_uses", "requests")
# What a writing endpoint adds to.
WRITTEN: Final = (
    "requests",
    "key_uses",
    "jobs",
    "disputes",
    "overrides",
    "runs",
    "annotations",
)
# What adding needs to see: the number that a row got, and what is there already.
SEEN_BY_WRITER: Final = {
    "requests": ("key_id", "idempotency_key", "digest", "location"),
    "disputes": ("dispute_id",),
    "overrides": ("override_id",),
    "annotations": (
        "annotation_id",
        "article_id",
        "content_sha256",
        "stage",
        "scope",
        "sentence",
        "labeller",
    ),
}

# Two databases of a cluster that are migrated at once may both find it missing.
_CREATE = SQL("""
DO $$ BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = {name}) THEN
        CREATE ROLE {role} NOLOGIN;
        GRANT {role} TO CURRENT_USER;
    END IF;
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
END $$
""")
_USE_SCHEMA = SQL("GRANT USAGE ON SCHEMA public TO {role}")
_NOTHING = SQL("REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {role}")
_READ_ALL = SQL("GRANT SELECT ON ALL TABLES IN SCHEMA public TO {role}")
_NOT_THIS = SQL("REVOKE ALL ON {table} FROM {role}")
_FIND_KEY = SQL("GRANT EXECUTE ON FUNCTION key_of_id TO {role}")
_ADD = SQL("GRANT INSERT ON {table} TO {role}")
_SEE = SQL("GRANT SELECT ({columns}) ON {table} TO {role}")


def ensure(conn: psycopg.Connection[tuple[str, ...]]) -> None:
    """Make the roles where they are missing, and their grants what this module says.

    Raises Misconfigured ``roles-missing`` where the user may not make roles.
    """
    reader, writer = Identifier(READER), Identifier(WRITER)
    try:
        for name in (READER, WRITER):
            conn.execute(_CREATE.format(name=name, role=Identifier(name)))
        with conn.transaction():
            for role in (reader, writer):
                conn.execute(_USE_SCHEMA.format(role=role))
                conn.execute(_NOTHING.format(role=role))
            conn.execute(_READ_ALL.format(role=reader))
            for table in HIDDEN:
                conn.execute(_NOT_THIS.format(table=Identifier(table), role=reader))
            conn.execute(_FIND_KEY.format(role=reader))
            for table in WRITTEN:
                conn.execute(_ADD.format(table=Identifier(table), role=writer))
            for table, columns in SEEN_BY_WRITER.items():
                names = SQL(", ").join(map(Identifier, columns))
                conn.execute(_SEE.format(columns=names, table=Identifier(table), role=writer))
    except psycopg.errors.InsufficientPrivilege as error:
        raise Misconfigured(
            "roles-missing",
            f"the database user may not make the roles {READER} and {WRITER}: as an administrator, "
            f"CREATE ROLE {READER}; CREATE ROLE {WRITER}; GRANT {READER}, {WRITER} TO the user; "
            "then migrate again",
        ) from error
