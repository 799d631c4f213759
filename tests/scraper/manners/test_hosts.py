from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any

import psycopg
from probing import Probe, ask

from newsroom.db import Database
from newsroom.settings import Settings
from newsroom.store import hosts
from newsroom.store.hosts import Validators
from scraper.outlets.registry import Outlet

MakeOutlet = Callable[..., Outlet]


def test_turns_of_many_are_a_delay_apart(db: Database) -> None:
    """Sixteen at once on one host: sixteen different turns, never two within the delay."""
    started = time.monotonic()
    taken: list[float] = []
    lock = threading.Lock()

    def take(_: int) -> None:
        with db.transaction() as conn:
            turn = hosts.take_turn(conn, "busy.example", 5.0)
        with lock:
            taken.append(time.monotonic() - started + turn.wait_s)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(take, range(16)))
    taken.sort()
    gaps = [b - a for a, b in pairwise(taken)]
    assert len(gaps) == 15
    assert min(gaps) > 4.9  # what is measured here includes the way back from the database
    assert taken[-1] - taken[0] < 15 * 5.0 + 0.5


def test_hosts_do_not_wait_for_one_another(db: Database) -> None:
    with db.transaction() as conn:
        hosts.take_turn(conn, "one.example", 60.0)
        assert hosts.take_turn(conn, "two.example", 60.0).wait_s == 0
        assert hosts.take_turn(conn, "one.example", 60.0).wait_s > 59


def test_a_clock_set_back_stops_nobody_for_a_day(db: Database, database_url: str) -> None:
    with db.transaction() as conn:
        hosts.take_turn(conn, "one.example", 5.0)
    with psycopg.connect(database_url) as conn:
        conn.execute("UPDATE hosts SET asked_at = asked_at + interval '1 day'")
    with db.transaction() as conn:
        assert hosts.take_turn(conn, "one.example", 5.0).wait_s == 0


def test_a_stop_is_remembered_and_lifted_by_an_answer(db: Database) -> None:
    with db.transaction() as conn:
        hosts.take_turn(conn, "one.example", 5.0)
        assert [hosts.refused(conn, "one.example") for _ in range(2)] == [1, 2]
        hosts.stop(conn, "one.example", 3600, "asked to stay away")
        hosts.stop(conn, "one.example", 60, "a shorter wish")
        turn = hosts.take_turn(conn, "one.example", 5.0)
        assert (turn.stopped, turn.refusals) == ("asked to stay away", 2)
        assert [stop.host for stop in hosts.stopped(conn)] == ["one.example"]
        hosts.answered(conn, "one.example")
        turn = hosts.take_turn(conn, "one.example", 5.0)
        assert (turn.stopped, turn.refusals) == (None, 0)
        hosts.stop(conn, "one.example", -1, "over")
        assert hosts.take_turn(conn, "one.example", 5.0).stopped is None
        assert hosts.stopped(conn) == []


def test_names_of_an_address(db: Database) -> None:
    url = "http://one.example/feed"
    with db.transaction() as conn:
        assert hosts.validators_of(conn, url) is None
        named = Validators(url=url, etag='W/"7"', last_modified=None)
        hosts.keep_validators(conn, [named])
        assert hosts.validators_of(conn, url) == named
        hosts.keep_validators(conn, [Validators(url=url, etag=None, last_modified=None)])
        assert hosts.validators_of(conn, url) is None


def test_two_processes_share_one_pace(
    web: Any, make_outlet: MakeOutlet, settings: Settings
) -> None:
    """Measured by the server: no two requests of the two within the delay, robots.txt included."""
    delay_s = 0.4
    heard: list[float] = []

    class Times(type(web.hits)):  # type: ignore[misc]
        def __setitem__(self, key: Any, value: int) -> None:
            heard.append(time.monotonic())
            super().__setitem__(key, value)

    web.hits = Times()
    web.add("/a", "a")
    web.add("/b", "b")
    outlet = make_outlet(delay_s=delay_s)
    urls = ["http://quay.test/a", "http://quay.test/b"]
    both = [Probe(settings, [outlet], urls, demo_address=web.address) for _ in range(2)]
    answers = [probe.answers() for probe in both]
    assert all(a["status"] == 200 for probe in answers for a in probe.values())
    assert 5 <= len(heard) <= 6  # robots.txt once or, asked by both at once, twice
    gaps = [b - a for a, b in pairwise(heard)]
    # The turns themselves are exact (above); between two processes the machine adds its own delays.
    assert min(gaps) >= delay_s - 0.1

    # A third process comes within four hours: robots.txt is known, the host's pace too.
    web.hits.clear()
    ask(settings, [outlet], urls[:1], demo_address=web.address)
    assert web.asked("quay.test") == ["/a"]
