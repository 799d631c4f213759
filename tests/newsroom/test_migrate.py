from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest

from newsroom import migrate, stack
from newsroom.errors import Misconfigured


@pytest.fixture
def empty_url(services: stack.Services):
    with psycopg.connect(services.database_url, autocommit=True) as conn:
        conn.execute("CREATE DATABASE empty_one")
        yield urlunsplit(urlsplit(services.database_url)._replace(path="/empty_one"))
        conn.execute("DROP DATABASE empty_one WITH (FORCE)")


def test_three_migrators_at_once_apply_each_file_once(empty_url: str) -> None:
    with ThreadPoolExecutor(3) as pool:
        applied = list(pool.map(lambda _: migrate.upgrade(empty_url), range(3)))
    assert sorted(applied, key=len) == [[], [], [f.version for f in migrate.files()]]


def test_an_edited_old_file_is_refused(empty_url: str, tmp_path: Path, monkeypatch) -> None:
    copy = tmp_path / "migrations"
    shutil.copytree(migrate.folder(), copy)
    monkeypatch.setattr(migrate, "folder", lambda: copy)
    migrate.upgrade(empty_url)
    first = migrate.files()[0].path
    first.write_text(first.read_text() + "\n-- changed afterwards\n")
    with pytest.raises(Misconfigured, match="changed after it was applied"):
        migrate.upgrade(empty_url)


def test_a_broken_file_says_what_broke(empty_url: str, tmp_path: Path, monkeypatch) -> None:
    (tmp_path / "0001_bad.sql").write_text("-- migrate:up\nCREATE TABEL x ();\n-- migrate:down\n")
    monkeypatch.setattr(migrate, "folder", lambda: tmp_path)
    with pytest.raises(Misconfigured, match="syntax error"):
        migrate.upgrade(empty_url)


def test_missing_database_is_one_line() -> None:
    with pytest.raises(Misconfigured, match="cannot reach PostgreSQL"):
        migrate.upgrade("postgresql://nobody@127.0.0.1:1/x")


def test_down_parts_undo_up_parts(empty_url: str) -> None:
    migrate.upgrade(empty_url)
    with psycopg.connect(empty_url, autocommit=True) as conn:
        for file in reversed(migrate.files()):
            conn.execute(file.path.read_text().split("-- migrate:down")[1])
        left = conn.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1"
        ).fetchall()
    assert left == [("migration_digests",), ("schema_migrations",)]
