"""Is everything there that the work needs? One answer for each part."""

from __future__ import annotations

import psycopg
import redis

from newsroom import disk, llm, migrate
from newsroom.db import Database
from newsroom.errors import NewsroomError
from newsroom.settings import Settings
from newsroom.store.reading import runs


def check(settings: Settings) -> dict[str, str]:
    """``ok`` or what to do, by part."""
    return {
        "database": _database(settings),
        "migrations": _migrations(settings),
        "broker": _broker(settings),
        "disk": _disk(settings),
        "model": _model(settings),
        "labels": _labels(settings),
    }


def _database(settings: Settings) -> str:
    try:
        with psycopg.connect(settings.require_database(), connect_timeout=5) as conn:
            version = conn.info.server_version // 10_000
            found = conn.execute("SELECT 1 FROM pg_available_extensions WHERE name = 'vector'")
            if found.fetchone() is None:
                return "pgvector is not installed on this server"
    except NewsroomError as error:
        return error.message
    except psycopg.OperationalError as error:
        return str(error).strip().splitlines()[0]
    return "ok" if version >= 15 else f"PostgreSQL {version} is too old: 15 or newer"


def _migrations(settings: Settings) -> str:
    try:
        with psycopg.connect(settings.require_database(), connect_timeout=5) as conn:
            missing = [f.version for f in migrate.files() if f.version not in migrate.applied(conn)]
    except (NewsroomError, psycopg.OperationalError):
        return "unknown: no database"
    return "ok" if not missing else f"{', '.join(missing)} not applied: run `newsroom migrate`"


def _broker(settings: Settings) -> str:
    try:
        redis.Redis.from_url(settings.require_broker(), socket_timeout=5).ping()
    except NewsroomError as error:
        return error.message
    except redis.RedisError as error:
        return str(error)
    return "ok"


def _model(settings: Settings) -> str:
    """The model server, where labels are asked of one."""
    if settings.labels.labeller != "vllm":
        return "ok"
    try:
        llm.served(settings.llm)
    except NewsroomError as error:
        return error.message
    return "ok"


def _labels(settings: Settings) -> str:
    """Whether readers see the newest run of the configured labeller."""
    try:
        with Database(settings.require_database(), size_max=1) as db, db.transaction() as conn:
            seen = runs.promoted(conn)
            newest = runs.newest(conn, settings.labels.labeller)
    except (NewsroomError, psycopg.Error):
        return "unknown: no database"
    if newest is None or seen is None or newest["run_id"] == seen["run_id"]:
        return "ok"
    new, old = newest["run_id"][:12], seen["run_id"][:12]
    return (
        f"run {new} of the configured labeller is newer than {old}, which readers see: "
        f"`newsroom runs compare {old} {new}`, then `newsroom runs promote {new}`"
    )


def _disk(settings: Settings) -> str:
    return disk.shortage(settings.archive_dir, settings.crawl.disk_free_min_bytes) or "ok"
