"""Fetched pages, and the quarantine at the door."""

from __future__ import annotations

from dataclasses import asdict

from newsroom.db import Conn
from newsroom.records import RawPage, Refusal

ADD = """
INSERT INTO pages (page_id, url, final_url, canonical_url, publisher_id, fetched_at, status,
                   content_type, body_sha256, body_bytes, via, warc_file, warc_offset, robots_rule)
VALUES (%(page_id)s, %(url)s, %(final_url)s, %(canonical_url)s, %(publisher_id)s, %(fetched_at)s,
        %(status)s, %(content_type)s, %(body_sha256)s, %(body_bytes)s, %(via)s, %(warc_file)s,
        %(warc_offset)s, %(robots_rule)s)
ON CONFLICT (page_id) DO NOTHING
"""

REFUSE = """
INSERT INTO refusals (refusal_id, publisher_id, url, source, code, message, page_id, seen_at)
VALUES (%(refusal_id)s, %(publisher_id)s, %(url)s, %(source)s, %(code)s, %(message)s, %(page_id)s,
        %(seen_at)s)
ON CONFLICT (refusal_id) DO NOTHING
"""

KNOWN_PAGES = "SELECT page_id FROM pages WHERE page_id = ANY(%(ids)s)"

SEEN_URLS = """
SELECT DISTINCT canonical_url FROM pages WHERE canonical_url = ANY(%(urls)s)
"""


def add(conn: Conn, page: RawPage) -> bool:
    """Store a page; False where these bytes are already stored under this address."""
    return conn.execute(ADD, asdict(page)).rowcount == 1


def refuse(conn: Conn, refusal: Refusal) -> bool:
    """Quarantine under a code; False where it is already there."""
    return conn.execute(REFUSE, asdict(refusal)).rowcount == 1


def known(conn: Conn, page_ids: list[str]) -> set[str]:
    """Which of these pages are stored."""
    return {str(r["page_id"]) for r in conn.execute(KNOWN_PAGES, {"ids": page_ids})}


def seen_urls(conn: Conn, canonical_urls: list[str]) -> set[str]:
    """Which of these canonical addresses were fetched before."""
    rows = conn.execute(SEEN_URLS, {"urls": canonical_urls})
    return {str(r["canonical_url"]) for r in rows}
