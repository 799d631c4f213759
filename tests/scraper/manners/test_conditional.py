from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from probing import ask
from rawweb import answer, serving
from scrapy.http import Response

from newsroom.db import Database
from newsroom.settings import Settings
from newsroom.store import hosts
from newsroom.store.hosts import Validators
from scraper.manners.conditional import VALUE_MAX_CHARS, validators
from scraper.outlets.registry import Outlet

URL = "http://quay.test/feed"
DATE = "Sun, 22 Nov 2026 12:01:30 GMT"


@pytest.mark.parametrize(
    ("header", "kept"),
    [
        ('"abc"', '"abc"'),
        ('W/"abc"', 'W/"abc"'),
        ("no-quotes", "no-quotes"),
        ('"abc-gzip"', '"abc-gzip"'),
        ("  padded ", "padded"),
        ("", None),
        ("ünïcode".encode(), None),
        ("a\tb", None),
        ('"' + "x" * VALUE_MAX_CHARS + '"', None),
        (['"one"', '"two"'], None),
    ],
)
def test_names_that_can_be_sent_back(header: Any, kept: str | None) -> None:
    response = Response(URL, headers={"ETag": header, "Last-Modified": header})
    found = validators(URL, response)
    assert (found.etag, found.last_modified) == (kept, kept)


def _asked(head: str) -> dict[str, str]:
    lines = (line.split(": ", 1) for line in head.split("\r\n")[1:] if ": " in line)
    return {k: v for k, v in lines if k in {"If-None-Match", "If-Modified-Since"}}


def _read(db: Database) -> dict[str, dict[str, str]]:
    with db.transaction() as conn:
        rows = conn.execute("SELECT url, etag, last_modified FROM validators").fetchall()
    return {
        row["url"].removeprefix("http://quay.test"): {
            "If-None-Match": row["etag"], "If-Modified-Since": row["last_modified"],
        }
        for row in rows
    }  # fmt: skip


def test_asked_answered_and_kept(
    make_outlet: Callable[..., Outlet], settings: Settings, db: Database
) -> None:
    names = {"If-None-Match": '"1"', "If-Modified-Since": DATE}
    known = {
        "/both": names,
        "/body": {"If-None-Match": 'W/"1-gzip"', "If-Modified-Since": None},
        "/date": {"If-None-Match": None, "If-Modified-Since": DATE},
        "/ignores": names,
        "/moved": names,
        "/lost": names,
    }
    with db.transaction() as conn:
        rows = [
            Validators(url=f"http://quay.test{path}", etag=n["If-None-Match"],
                       last_modified=n["If-Modified-Since"]) for path, n in known.items()
        ]  # fmt: skip
        hosts.keep_validators(conn, rows)
    paths = [*known, "/new", "/none", "/stray"]
    urls = [f"http://quay.test{path}" for path in paths]
    with serving() as web:

        def run(meta: dict[str, Any]) -> tuple[dict[str, Any], dict[str, dict[str, str]]]:
            web.requests.clear()
            answers = ask(settings, [make_outlet()], urls, demo_address=web.address, meta=meta)
            statuses = {u.removeprefix("http://quay.test"): a["status"] for u, a in answers.items()}
            return statuses, {path: _asked(head) for path, head in web.requests}

        web.routes = {
            "/both": answer(status="304 Not Modified"),  # without a name of its own
            "/body": answer(b"which a 304 has not", 'ETag: W/"2"', status="304 Not Modified"),
            "/date": answer(b"two", 'ETag: "now it has one"'),
            "/ignores": answer(b"one", 'ETag: "1"', f"Last-Modified: {DATE}"),
            "/moved": answer(b"", "Location: /to", status="301 Moved"),
            "/to": answer(b"new place"),
            "/lost": answer(b"two"),
            "/new": answer(b"one", 'ETag: "new"'),
            "/none": answer(b"one"),
            "/stray": answer(status="304 Not Modified"),
        }
        statuses, asked = run({"conditional": True, "listing": True})
        unchanged = dict.fromkeys(("/both", "/body", "/stray"), 304)
        assert statuses == dict.fromkeys(paths, 200) | unchanged
        assert asked.pop("/robots.txt") == {}
        sent = {p: {k: v for k, v in n.items() if v} for p, n in known.items()}
        assert asked == {path: {} for path in ("/new", "/none", "/stray", "/to")} | sent
        kept = dict(known)
        del kept["/lost"]
        kept["/date"] = {"If-None-Match": '"now it has one"', "If-Modified-Since": None}
        kept["/new"] = {"If-None-Match": '"new"', "If-Modified-Since": None}
        assert _read(db) == kept

        # The server was in trouble: what its listings named may be unread, so no name is kept.
        web.routes["/none"] = answer(b"broken", status="503 Busy")
        web.routes["/lost"] = answer(b"three", 'ETag: "3"')
        run({"conditional": True, "listing": True})
        assert _read(db) == kept

        # An article stands for itself; one that could not be read does not.
        run({"conditional": True})
        assert _read(db)["/lost"]["If-None-Match"] == '"3"'
        web.routes["/new"] = answer(b"four", 'ETag: "4"')
        _, asked = run({"conditional": True, "unread": True})
        assert asked["/new"]
        assert _read(db)["/new"]["If-None-Match"] == '"new"'
