"""Databases of the tests: copied from a template, gone when the test is over."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit, urlunsplit

import psycopg

TEMPLATE = "newsroom_template"  # migrated and empty


def named(url: str, database: str) -> str:
    """The address of another database of the same cluster."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{database}"))


@contextmanager
def copied(url: str, template: str = TEMPLATE) -> Iterator[str]:
    """The address of a copy of a template that nobody is connected to."""
    name = f"t_{uuid.uuid4().hex}"
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy")
        yield named(url, name)
        conn.execute(f"DROP DATABASE {name} WITH (FORCE)")
