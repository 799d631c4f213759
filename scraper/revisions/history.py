"""The history of one article, and the family of one text, read from the store."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from newsroom.db import Conn, Database
from newsroom.errors import NotFound
from newsroom.store import duplicates, revisions
from newsroom.store.reading import front_pages
from scraper import dedup
from scraper.revisions import view

REINDEXED_AT_ONCE = 1000


def of_article(conn: Conn, article_id: str) -> dict[str, Any]:
    """Looks, headlines, revisions and changes with their diffs and the labels of both sides.

    Headlines are those of the article's own page and, apart, as front pages showed them.

    Raises NotFound ``article-unknown``.
    """
    versions = {r["revision"]: r for r in revisions.texts(conn, article_id)}
    if not versions:
        raise NotFound("article-unknown", f"no article {article_id[:64]}")
    stretches = revisions.stretches(conn, article_id)
    labels = revisions.labels(conn, article_id)
    current = next(r for r in versions.values() if r["superseded_at"] is None)
    return {
        "article_id": article_id,
        "publisher_id": current["publisher_id"],
        "publisher": current["publisher"],
        "url": current["url"],
        "current": current["revision"],
        "revisions": list(versions.values()),
        "looks": stretches,
        "headlines": view.headlines(stretches, {n: r["title"] for n, r in versions.items()}),
        "front_page_headlines": [
            {"publisher_id": stay.publisher_id, **asdict(headline)}
            for stay in front_pages.history(conn, article_id)
            for headline in stay.headlines
        ],
        "changes": [
            {
                **change,
                "diff": view.compared(versions[change["before"]], versions[change["after"]]),
                "labels": view.labels(
                    labels, versions[change["before"]], versions[change["after"]]
                ),
            }
            for change in revisions.of_article(conn, article_id)
        ],
    }


def copies(conn: Conn, article_id: str) -> list[dict[str, Any]]:
    """The original and its copies, each with its ``similarity`` to it (0 … 1, None: too short).

    Raises NotFound ``article-unknown``.
    """
    rows = duplicates.group(conn, article_id)
    if not rows:
        raise NotFound("article-unknown", f"no article {article_id[:64]}")
    original = rows[0]["minhash"]
    return [
        {name: value for name, value in row.items() if name not in {"minhash", "text"}}
        | {
            "similarity": dedup.similarity(original, row["minhash"])
            if original and row["minhash"] and row["duplicate_of"]
            else None
        }
        for row in rows
    ]


def reindex(db: Database, *, progress: Callable[[int], object]) -> int:
    """Give every signature today's bands, some in each transaction; how many had others."""
    done, key = 0, ("", 0)
    while True:
        with db.transaction() as conn:
            rows = duplicates.other_bands(conn, dedup.BANDS, key, rows=REINDEXED_AT_ONCE)
            cut = [(r["article_id"], r["revision"], dedup.bands(r["minhash"])) for r in rows]
            duplicates.set_bands(conn, cut)
        if not rows:
            return done
        done += len(rows)
        key = (rows[-1]["article_id"], rows[-1]["revision"])
        progress(len(rows))
