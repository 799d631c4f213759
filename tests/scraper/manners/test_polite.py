from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from probing import ask

from newsroom.db import Database
from newsroom.settings import Settings
from newsroom.store import hosts
from scraper.manners.polite import AWAY_MAX_S, REFUSALS_MAX, away_s, pause_s, retry_after_s
from scraper.outlets.registry import Outlet

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("120", 120.0),
        (" 0 ", 0.0),
        ("Sun, 22 Nov 2026 12:01:30 GMT", 90.0),
        ("Sun, 22 Nov 2026 11:00:00 GMT", 0.0),
        ("86400", AWAY_MAX_S),
        ("9" * 400, AWAY_MAX_S),
        ("Sun, 22 Nov 2099 12:00:00 GMT", AWAY_MAX_S),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
        ("٣", None),
        ("", None),
        (None, None),
    ],
)
def test_retry_after(header: str | None, seconds: float | None) -> None:
    assert retry_after_s(header, NOW) == seconds


def test_pauses_and_absences_double() -> None:
    assert [pause_s(n, 5.0) for n in (1, 2)] == [30.0, 60.0]
    assert [away_s(n, 5.0) for n in (3, 4, 5)] == [900.0, 1800.0, 3600.0]
    assert away_s(10_000, 5.0) == AWAY_MAX_S
    assert away_s(REFUSALS_MAX, 0.0) == 0.0  # a host without a pace is the demo's


def test_answers_that_say_go_away(
    web: Any, make_outlet: Callable[..., Outlet], settings: Settings, db: Database
) -> None:
    names = ("soon", "long", "stern", "mixed", "busy")
    outlets = [make_outlet(name, delay_s=0.02 if name == "busy" else 0.0) for name in names]
    for number in range(6):
        web.add(f"/{number}", "fine")
        web.add(f"/{number}", "no", host="stern.test", status=403)
    web.add("/0", "wait", host="soon.test", status=503, Retry_After="1")
    web.add("/0", "go", host="long.test", status=429, Retry_After="7200")
    web.add("/0", "no", host="mixed.test", status=403)
    web.add("/1", "no", host="mixed.test", status=401)
    web.add("/0", "busy", host="busy.test", status=503)
    urls = [
        f"http://{name}.test/{n}"
        for name in names
        for n in range(1 if name in {"soon", "busy"} else 6)
    ]
    started = time.monotonic()
    answers = ask(settings, outlets, urls, demo_address=web.address)
    took_s = time.monotonic() - started

    def got(name: str) -> list[Any]:
        found = [a for url, a in answers.items() if f"//{name}." in url]
        return [a.get("status") or a["error"] for a in found]

    # Asked three times, a second between them: the third refusal is one too many.
    assert got("soon") == [503]
    assert web.hits["soon.test", "/0"] == 3
    assert took_s >= 2
    assert got("long") == [429, *["host-stopped"] * 5]
    assert got("stern") == [403, 403, 403, *["host-stopped"] * 3]
    assert got("mixed") == [403, 401, 200, 200, 200, 200]
    assert got("busy") == [503]
    assert web.hits["busy.test", "/0"] == 3
    with db.transaction() as conn:
        stops = {stop.host: stop for stop in hosts.stopped(conn)}
    left_s = (stops["long.test"].stopped_until - datetime.now(UTC)).total_seconds()
    assert 7200 - took_s - 60 < left_s <= 7200
    assert stops["long.test"].refusals == 1
    assert stops["busy.test"].refusals == 3  # 3.6 s at this pace

    # The next run, on any machine, knows it without asking.
    web.hits.clear()
    answers = ask(settings, outlets, ["http://long.test/1", "http://stern.test/1"], demo_address=web.address)  # fmt: skip
    assert answers["http://long.test/1"]["error"] == "host-stopped"
    assert web.asked("long.test") == []
    assert web.asked("stern.test") == ["/1"]  # stopped for the run; one refusal more is enough now


def test_alone_without_a_database(
    web: Any, make_outlet: Callable[..., Outlet], settings: Settings
) -> None:
    """`newsroom fetch` needs none; its manners within the run are the same."""
    for number in range(5):
        web.add(f"/{number}", "no", status=403)
    urls = [f"http://quay.test/{number}" for number in range(5)]
    answers = ask(settings, [make_outlet()], urls, demo_address=web.address, shared=False)
    got = [a.get("status") or a["error"] for a in answers.values()]
    assert got == [403, 403, 403, "host-stopped", "host-stopped"]
